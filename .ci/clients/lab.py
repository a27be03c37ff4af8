"""Makes every call of a served lab, at AWS_ENDPOINT_URL, with nothing but the standard library."""

import json
import os
import time
import urllib.error
import urllib.request

URL = os.environ["AWS_ENDPOINT_URL"]
TABLE = "lab"


def check(what, got, want):
    if got != want:
        raise SystemExit(f"lab.py: {what}: got {got!r}, want {want!r}")


def send(request, timeout=30):
    """Returns the status and the JSON of the answer."""
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        return refused.code, json.load(refused)


def dynamodb(operation, timeout=30, **body):
    """Makes a request of DynamoDB's API. Any Authorization does."""
    streams = operation in ("ListStreams", "DescribeStream", "GetShardIterator", "GetRecords")
    target = ("DynamoDBStreams_20120810." if streams else "DynamoDB_20120810.") + operation
    headers = {"X-Amz-Target": target, "Content-Type": "application/json", "Authorization": "AWS4-HMAC-SHA256 any"}
    return send(urllib.request.Request(URL, json.dumps(body).encode(), headers), timeout)


def must(operation, **body):
    status, answer = dynamodb(operation, **body)
    check(f"{operation} {answer}", status, 200)
    return answer


def error(operation, **body):
    return dynamodb(operation, **body)[1].get("__type", "none").split("#")[-1]


def lab(name, **body):
    """Makes a call of the lab that must succeed."""
    data = None if name == "state" else json.dumps(body).encode()
    status, answer = send(urllib.request.Request(f"{URL}/lab/{name}", data))
    check(f"{name} {answer}", status, 200)
    return answer


def broken(what, *args, **kwargs):
    """The call must end without an answer."""
    try:
        answer = dynamodb(*args, **kwargs)
    except (OSError, urllib.error.URLError):
        return
    raise SystemExit(f"lab.py: {what}: got the answer {answer}")


def put(first, count, ttl=None):
    for n in range(first, first + count):
        item = {"id": {"S": f"user-{n}"}, "n": {"N": str(n)}}
        if ttl is not None:
            item["ttl"] = {"N": str(ttl)}
        must("PutItem", TableName=TABLE, Item=item)


def stream_arn():
    return must("DescribeTable", TableName=TABLE)["Table"]["LatestStreamArn"]


def shards(arn):
    return must("DescribeStream", StreamArn=arn)["StreamDescription"]["Shards"]


def iterator(arn, shard):
    return must("GetShardIterator", StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]


def read(arn):
    """Returns the records of all shards, parents first."""
    records = []
    for shard in shards(arn):
        page = must("GetRecords", ShardIterator=iterator(arn, shard["ShardId"]))
        records += page["Records"]
    return records


def main():
    must(
        "CreateTable",
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    must("UpdateTimeToLive", TableName=TABLE, TimeToLiveSpecification={"Enabled": True, "AttributeName": "ttl"})
    arn = stream_arn()

    put(0, 5)
    state = lab("split", table=TABLE)
    check("shards after the split", [s["open"] for s in state["streams"][0]["shards"]], [False, True, True])
    put(5, 20)
    state = lab("roll", table=TABLE)
    check("open shards after the rollover", [s["open"] for s in state["streams"][0]["shards"]], [False] * 3 + [True] * 2)
    check("shards of DescribeStream", len(shards(arn)), 5)
    check("records", [r["eventName"] for r in read(arn)], ["INSERT"] * 25)
    both = [s["records"] for s in state["streams"][0]["shards"][1:3]]
    check("the children share the items", 0 < min(both) < sum(both) == 20, True)

    lab("fault", operation="GetRecords", fault="throttle", calls=2)
    at = iterator(arn, shards(arn)[0]["ShardId"])
    check("throttled", [error("GetRecords", ShardIterator=at) for _ in range(3)],
          ["ProvisionedThroughputExceededException"] * 2 + ["none"])
    lab("fault", operation="DescribeStream", fault="limit")
    check("limit", error("DescribeStream", StreamArn=arn), "LimitExceededException")
    lab("fault", operation="PutItem", fault="fail")
    check("fail", dynamodb("PutItem", TableName=TABLE, Item={"id": {"S": "x"}})[0], 500)
    lab("fault", operation="GetRecords", fault="empty")
    page = must("GetRecords", ShardIterator=at)
    check("empty", page["Records"], [])
    check("after the empty page", len(must("GetRecords", ShardIterator=page["NextShardIterator"])["Records"]), 5)
    lab("fault", operation="DescribeStream", fault="hide-children")
    check("hidden children", len(shards(arn)), 3)
    check("and no longer", len(shards(arn)), 5)
    lab("fault", operation="DeleteItem", fault="lose-answer")
    broken("a lost answer", "DeleteItem", TableName=TABLE, Key={"id": {"S": "user-0"}})
    check("the call was carried out", must("GetItem", TableName=TABLE, Key={"id": {"S": "user-0"}}), {})
    lab("fault", operation="ListTables", fault="hang")
    broken("a call that hangs", "ListTables", timeout=0.2)
    lab("fault", operation="ListTables", fault="hang", calls=7)
    check("waiting", lab("state")["faults"], [{"operation": "ListTables", "fault": "hang", "calls": 7}])
    lab("clear-faults")
    must("ListTables")

    lab("expire-iterators")
    check("expired", error("GetRecords", ShardIterator=at), "ExpiredIteratorException")

    put(100, 3, ttl=int(time.time()) + 3600)
    lab("clock", jump="2h")
    lab("sweep")
    removed = [r for r in read(arn) if r.get("userIdentity", {}).get("Type") == "Service"]
    check("removals by TTL", len(removed), 3)

    at = iterator(arn, shards(arn)[0]["ShardId"])
    lab("trim", table=TABLE)
    check("trimmed", error("GetRecords", ShardIterator=at), "TrimmedDataAccessException")
    check("records after the trim", read(arn), [])

    lab("stream", table=TABLE, enabled=False)
    put(200, 1)
    lab("stream", table=TABLE, enabled=True, view="KEYS_ONLY")
    check("the new stream is another one", stream_arn() == arn, False)
    put(201, 1)
    check("records of the new stream", [r["dynamodb"]["Keys"] for r in read(stream_arn())], [{"id": {"S": "user-201"}}])

    speed = lab("clock", speed=3600)["clock"]
    check("speed", speed["speed"], 3600)
    lab("clock", speed=1)

    status, answer = send(urllib.request.Request(f"{URL}/lab/split", b'{"tabel":"lab"}'))
    check("a mistake", (status, answer["error"].split(":")[0]), (400, 'unknown field "tabel"'))
    print("the lab did all that it should")


if __name__ == "__main__":
    main()
