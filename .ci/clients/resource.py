"""A table with boto3's resources, paginators and waiters, against AWS_ENDPOINT_URL."""

from decimal import Decimal

import boto3
from boto3.dynamodb.conditions import Attr, Key


def check(what, got, want):
    if got != want:
        raise SystemExit(f"boto3: {what}: got {got!r}, want {want!r}")


def main():
    db = boto3.resource("dynamodb")
    table = db.create_table(
        TableName="boto",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": "id", "AttributeType": "S"},
            {"AttributeName": "n", "AttributeType": "N"},
        ],
        KeySchema=[
            {"AttributeName": "id", "KeyType": "HASH"},
            {"AttributeName": "n", "KeyType": "RANGE"},
        ],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    table.wait_until_exists()

    # 100 items, in batches of 25 that the resource makes itself.
    with table.batch_writer() as batch:
        for n in range(100):
            batch.put_item(Item={"id": f"user-{n % 2}", "n": n, "tags": {"a", "b"}, "raw": b"\x00\xff"})

    # Every kind of value comes back as it went.
    exact = Decimal("12345678901234567890.123456789012345678")
    item = {"id": "kinds", "n": 0, "exact": exact, "none": None, "yes": True, "list": [1, {"deep": "x"}]}
    table.put_item(Item=item)
    check("get_item", table.get_item(Key={"id": "kinds", "n": 0})["Item"], item)

    even = table.query(
        KeyConditionExpression=Key("id").eq("user-0") & Key("n").between(10, 20),
        FilterExpression=Attr("tags").contains("a"),
        ScanIndexForward=False,
    )
    check("query", [int(i["n"]) for i in even["Items"]], [20, 18, 16, 14, 12, 10])

    pages = list(db.meta.client.get_paginator("scan").paginate(TableName="boto", PaginationConfig={"PageSize": 30}))
    check("pages of the scan", [p["Count"] for p in pages], [30, 30, 30, 11])
    check("items of the scan", len({(i["id"], i["n"]) for p in pages for i in p["Items"]}), 101)

    try:
        table.put_item(Item={"id": "kinds", "n": 0}, ConditionExpression=Attr("id").not_exists())
        raise SystemExit("boto3: a condition that does not hold was taken for one that does")
    except db.meta.client.exceptions.ConditionalCheckFailedException:
        pass

    streams = boto3.client("dynamodbstreams")
    shards = streams.describe_stream(StreamArn=table.latest_stream_arn)["StreamDescription"]["Shards"]
    start = streams.get_shard_iterator(
        StreamArn=table.latest_stream_arn, ShardId=shards[0]["ShardId"], ShardIteratorType="TRIM_HORIZON"
    )
    records = streams.get_records(ShardIterator=start["ShardIterator"])["Records"]
    check("stream", [r["eventName"] for r in records], ["INSERT"] * 101)

    table.delete()
    table.wait_until_not_exists()
    print("boto3 did all that it should")


main()
