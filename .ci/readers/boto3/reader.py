"""Reads a stream with boto3 as the examples of DynamoDB's API do: each listed shard, one
after the other, from its oldest record until a page has no next iterator.

Three things were added: a call that isn't answered within a second is made again by
boto3, whose default is a minute; the loop waits after an empty page; and SIGTERM ends it
with status 0.
"""

import base64
import json
import os
import signal
import sys
import time

import boto3
from botocore.config import Config

POLL = 0.25  # seconds


def plain(value):
    """DynamoDB's JSON has base64, of which boto3 made bytes."""
    return base64.b64encode(value).decode()


def kind(record):
    if record["eventName"] != "REMOVE":
        return record["eventName"]
    by_ttl = record.get("userIdentity", {}).get("PrincipalId") == "dynamodb.amazonaws.com"
    return "expired" if by_ttl else "deleted"


def handle(record):
    change = record["dynamodb"]
    line = {"id": change["Keys"]["id"]["S"], "sequence": change["SequenceNumber"], "kind": kind(record),
            "new": change.get("NewImage"), "old": change.get("OldImage")}
    print(json.dumps(line, default=plain), flush=True)


signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
streams = boto3.client("dynamodbstreams", config=Config(connect_timeout=1, read_timeout=1))
arn = os.environ["STREAM_ARN"]
after = {}
while True:
    description = streams.describe_stream(StreamArn=arn, **after)["StreamDescription"]
    for shard in description["Shards"]:
        iterator = streams.get_shard_iterator(
            StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType=os.environ["START"]
        )["ShardIterator"]
        while iterator:
            page = streams.get_records(ShardIterator=iterator)
            for record in page["Records"]:
                handle(record)
            iterator = page.get("NextShardIterator")
            if not page["Records"]:
                time.sleep(POLL)
    if "LastEvaluatedShardId" not in description:
        break
    after = {"ExclusiveStartShardId": description["LastEvaluatedShardId"]}
