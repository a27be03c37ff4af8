// Reads a stream with dynamodb-streams-readable as its README does: one
// readable of the stream's first shard, to its end. An error ends the program.
//
// Besides, a call that isn't answered within a second fails, which the SDK
// makes again, and the readable polls four times a second, and not twice. The
// position is kept in $DIR, once the records before it are handled: the event
// checkpoint, which tells the same position, comes before them.
const { DynamoDBStreams } = require('@aws-sdk/client-dynamodb-streams')
const readable = require('dynamodb-streams-readable')
const fs = require('fs')
const { lines } = require('./lines')

const file = `${process.env.DIR}/position`
const client = new DynamoDBStreams({ requestHandler: { requestTimeout: 1000, throwOnRequestTimeout: true } })
const options = { readInterval: 250 }
if (fs.existsSync(file)) {
  options.startAfter = fs.readFileSync(file, 'utf8')
} else {
  options.iterator = process.env.START
}
const stream = readable(client, process.env.STREAM_ARN, options)
  .on('data', records => {
    process.stdout.write(lines(records))
    fs.writeFileSync(file, records.at(-1).dynamodb.SequenceNumber)
  })
  .on('error', err => {
    console.error(err)
    process.exit(1)
  })
  .on('end', () => console.error('all done!'))
process.on('SIGTERM', () => stream.on('end', () => process.exit(0)).close())
