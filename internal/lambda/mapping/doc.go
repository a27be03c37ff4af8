// Package mapping plays Lambda's half of the work on a DynamoDB stream: it is
// an event source mapping. It gathers a stream's records into batches, invokes a
// function with each, and does with a failure what Lambda does. What the
// function is, a process or a Go function, is its caller's choice.
//
// # Use
//
//	reader, err := stream.Open(ctx, api, arn, stream.Options{Checkpoints: …, Grace: …})
//	m, err := mapping.New(options, invoke)
//	err = m.Run(ctx, reader)
//	err = reader.Close()
//
// The reader finds shards, keeps lineage, and saves checkpoints; see package
// stream. A mapping that restarts resumes after the last record before which all
// were delivered, filtered or given up: at least once, as with Lambda.
//
// # Rules
//
// Pages are those of the AWS Lambda Developer Guide.
//
//	Rule            What it does here                            Page
//	batches.go      up to 10,000 records or 6 MB of one shard;   How Lambda processes records from
//	                a window from the first record on            stream and queue-based event sources
//	parallel.go     up to 10 batches of a shard at a time; an    Using AWS Lambda with Amazon DynamoDB
//	                item's changes stay in one lane
//	retries.go      a failed batch comes again, until it is      Retain discarded records for a DynamoDB
//	                given up for its attempts or its age         event source in Lambda
//	bisect.go       a failed batch is halved; attempts count     the same page
//	                of a record alone
//	partial.go      the answer's lowest sequence number;         Configuring partial batch response with
//	                what comes before it is handled              DynamoDB and Lambda
//	filter.go       patterns on the record's JSON                Control which events Lambda sends to your
//	                                                             function; Using event filtering with a
//	                                                             DynamoDB event source
//	failure.go      metadata of what was given up                Retain discarded records for a DynamoDB
//	                                                             event source in Lambda
//	record.go       the event's JSON                             Using AWS Lambda with Amazon DynamoDB
//	options.go      names, ranges and defaults                   Lambda parameters for Amazon DynamoDB
//	                                                             event source mappings
//
// What the pages don't say is chosen here: the waits between attempts, that a
// closed shard's last batch does not wait for its window, that the count of
// attempts continues where an answer reports progress, and that a reported first
// record halves the batch as a complete failure does.
//
// # What it leaves out
//
//   - Tumbling windows, and the state that a function returns in them.
//   - Throttled and asynchronous invocations, concurrency limits, aliases.
//   - Encrypted filters; EventBridge's operators that Lambda's table lacks.
//   - S3 and Kafka as destinations, which get the records too: OnFailure gets the
//     body of a message to SQS or SNS. Lambda may join several failures in one.
//   - Two pollers at a time: Lambda may deliver a record twice without a failure.
//   - EventSourceArn, StartingPosition and Enabled: the reader has a stream, a
//     Start and a context. It continues with the table's next stream; a mapping of
//     Lambda's has one stream for good.
package mapping
