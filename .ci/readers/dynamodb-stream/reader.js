// Reads a stream with dynamodb-stream as its README does: it fetches the
// stream's state again and again, and keeps the state of the shards in $DIR. It
// waits 250 ms in between, and not 10 s.
//
// fetchStreamState is the two calls of fetch. It tells records by events that have
// no sequence number, so the records are those that the second call returns.
//
// The library begins each shard at LATEST. For a start at TRIM_HORIZON, this
// program gets the iterators of the shards that are listed at the start, and gives
// them to it as their state. It repeats these calls where they fail, and a fetch,
// of which the README says nothing. Where GetRecords failed in the library, the
// fetch didn't: Node ended the program because of a rejection that nobody handles. A
// call that isn't answered within a second fails, and the SDK makes it again.
const { DynamoDBStreams } = require('@aws-sdk/client-dynamodb-streams')
const DynamoDBStream = require('dynamodb-stream')
const fs = require('fs')
const { setTimeout: sleep } = require('timers/promises')
const { print } = require('./print')

const arn = process.env.STREAM_ARN
const file = `${process.env.DIR}/shards.json`
const client = new DynamoDBStreams({ requestHandler: { requestTimeout: 1000, throwOnRequestTimeout: true } })
let stopped = false
process.on('SIGTERM', () => { stopped = true })

async function repeat (call) {
  for (;;) {
    try {
      return await call()
    } catch (err) {
      console.error(String(err))
      await sleep(250)
    }
  }
}

// oldestOf is a shard's iterator; undefined: the shard has vanished.
async function oldestOf (ShardId) {
  try {
    const request = { StreamArn: arn, ShardId, ShardIteratorType: 'TRIM_HORIZON' }
    return (await client.getShardIterator(request)).ShardIterator
  } catch (err) {
    if (err.name !== 'ResourceNotFoundException') throw err
  }
}

async function oldest () {
  const shards = {}
  const request = { StreamArn: arn }
  do {
    const { StreamDescription: page } = await repeat(() => client.describeStream(request))
    for (const { ShardId } of page.Shards) {
      const ShardIterator = await repeat(() => oldestOf(ShardId))
      if (ShardIterator) shards[ShardId] = { shardId: ShardId, nextShardIterator: ShardIterator }
    }
    request.ExclusiveStartShardId = page.LastEvaluatedShardId
  } while (request.ExclusiveStartShardId)
  return shards
}

async function main () {
  const stream = new DynamoDBStream(client, arn)
  if (fs.existsSync(file)) {
    stream.setShardState(JSON.parse(fs.readFileSync(file, 'utf8')))
  } else if (process.env.START === 'TRIM_HORIZON') {
    stream.setShardState(await oldest())
  }
  const fetch = async () => {
    await stream.fetchStreamShards()
    return stream.fetchStreamRecords()
  }
  while (!stopped) {
    const records = await repeat(fetch)
    await new Promise(done => print(records ?? [], done))
    fs.writeFileSync(file, JSON.stringify(stream.getShardState()))
    await sleep(250)
  }
}

main()
