// Prints records as 09-conformance reads them. An image is DynamoDB's JSON, in
// which the SDK made bytes of base64.
const plain = value => {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (Array.isArray(value)) return value.map(plain)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([name, v]) => [name, plain(v)]))
}

const kind = ({ eventName, userIdentity }) => {
  if (eventName !== 'REMOVE') return eventName
  return userIdentity?.PrincipalId === 'dynamodb.amazonaws.com' ? 'expired' : 'deleted'
}

const line = record => JSON.stringify({
  id: record.dynamodb.Keys.id.S,
  sequence: record.dynamodb.SequenceNumber,
  kind: kind(record),
  new: plain(record.dynamodb.NewImage),
  old: plain(record.dynamodb.OldImage)
}) + '\n'

// print calls done once the lines are written.
exports.print = (records, done) => process.stdout.write(records.map(line).join(''), done)
