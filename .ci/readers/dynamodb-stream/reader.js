// Reads a stream with dynamodb-stream as its README does: it fetches the
// stream's state again and again, and keeps the state of the shards in $DIR. An
// error ends the program. It does so every 250 ms, and not every 10 s.
//
// fetchStreamState is the two calls below. It tells records by events that have
// no sequence number, so the records are those that the second one returns.
//
// The library begins each shard at LATEST. For a start at TRIM_HORIZON, this
// program gets the iterators of the shards that are listed at the start, and gives
// them to it as their state. It repeats these calls of its own where they fail. A
// call that isn't answered within a second fails, and the SDK makes it again.
const { DynamoDBStreams } = require('@aws-sdk/client-dynamodb-streams')
const DynamoDBStream = require('dynamodb-stream')
const fs = require('fs')
const { setTimeout: sleep } = require('timers/promises')
const { lines } = require('./lines')

const arn = process.env.STREAM_ARN
const file = `${process.env.DIR}/shards.json`
const client = new DynamoDBStreams({ requestHandler: { requestTimeout: 1000, throwOnRequestTimeout: true } })
let stopped = false
process.on('SIGTERM', () => { stopped = true })

async function repeat(call) {
  for (;;) {
    try {
      return await call()
    } catch (err) {
      console.error(err)
      await sleep(250)
    }
  }
}

async function oldest() {
  const shards = {}
  const request = { StreamArn: arn }
  do {
    const { StreamDescription: page } = await repeat(() => client.describeStream(request))
    for (const { ShardId } of page.Shards) {
      const { ShardIterator } = await repeat(() => client.getShardIterator(
        { StreamArn: arn, ShardId, ShardIteratorType: 'TRIM_HORIZON' }))
      shards[ShardId] = { shardId: ShardId, nextShardIterator: ShardIterator }
    }
    request.ExclusiveStartShardId = page.LastEvaluatedShardId
  } while (request.ExclusiveStartShardId)
  return shards
}

async function main() {
  const stream = new DynamoDBStream(client, arn)
  if (fs.existsSync(file)) {
    stream.setShardState(JSON.parse(fs.readFileSync(file, 'utf8')))
  } else if (process.env.START === 'TRIM_HORIZON') {
    stream.setShardState(await oldest())
  }
  while (!stopped) {
    await stream.fetchStreamShards()
    const records = await stream.fetchStreamRecords()
    process.stdout.write(lines(records ?? []))
    fs.writeFileSync(file, JSON.stringify(stream.getShardState()))
    await sleep(250)
  }
}

main()
