// Reads a stream with dynamodb-streams-readable as its README does: a readable
// of the stream's first shard.
//
// Besides, after an error, of which the README's program prints a line, another
// readable begins after the last record. The position is kept in $DIR, once the
// records before it are handled: the event checkpoint, which tells the same
// position, comes before them. A call that isn't answered within a second fails,
// and the SDK makes it again. The readable polls four times a second, not twice.
const { DynamoDBStreams } = require('@aws-sdk/client-dynamodb-streams')
const readable = require('dynamodb-streams-readable')
const fs = require('fs')
const { print } = require('./print')

const file = `${process.env.DIR}/position`
const client = new DynamoDBStreams({ requestHandler: { requestTimeout: 1000, throwOnRequestTimeout: true } })
let stream

function read () {
  const options = { readInterval: 250 }
  if (fs.existsSync(file)) {
    options.startAfter = fs.readFileSync(file, 'utf8')
  } else {
    options.iterator = process.env.START
  }
  stream = readable(client, process.env.STREAM_ARN, options)
    .on('data', records => {
      print(records, () => fs.writeFileSync(file, records.at(-1).dynamodb.SequenceNumber))
    })
    .on('error', err => {
      console.error(String(err))
      setTimeout(read, 250)
    })
    .on('end', () => console.error('all done!'))
}

process.on('SIGTERM', () => stream.on('end', () => process.exit(0)).close())
read()
