"""Lets two workers of the Kinesis client library read a table of the served engine, at
AWS_ENDPOINT_URL, while its shards split and roll over and one worker is killed. Their
records together must be those of the stream, and their kinds those that were written.

    drive.py JAVA-COMMAND...    starts a worker, but for its endpoint, stream and name
"""

import collections
import os
import pathlib
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "clients"))
from lab import TABLE, URL, check, iterator, lab, must, shards, stream_arn

FIRST, PATIENCE = 60, 90  # items at first; seconds until something must have happened
written = collections.Counter()  # by kind
began = time.monotonic()


def say(text):
    print(f"{time.monotonic() - began:5.1f}s {text}", flush=True)


class Worker:
    """A worker in a process of its own. records has its lines, as (sequence number, kind)."""

    def __init__(self, name, arn):
        self.name, self.records = name, []
        self.log = open(f"{os.environ['KCL_LOGS']}/{name}.log", "w")
        self.process = subprocess.Popen(
            sys.argv[1:] + [URL, arn, name], stdout=subprocess.PIPE, stderr=self.log, text=True
        )
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            if line.endswith("\n"):  # the last line of a killed worker may be cut off
                self.records.append(tuple(line.split()[:2]))

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.reader.join()


def wait(what, workers, done, lacking=lambda: ""):
    """Waits until done, unless one of the workers ends before. lacking says what is not done."""
    deadline = time.monotonic() + PATIENCE
    while not done():
        for w in workers:
            check(f"exit code of worker {w.name}", w.process.poll(), None)
        if time.monotonic() > deadline:
            raise SystemExit(f"drive.py: not within {PATIENCE} seconds: {what} {lacking()}")
        time.sleep(0.2)
    say(what)


def put(n, version, ttl=None):
    item = {"id": {"S": f"user-{n}"}, "version": {"N": str(version)}}
    if ttl is not None:
        item["ttl"] = {"N": str(ttl)}
    old = must("PutItem", TableName=TABLE, Item=item, ReturnValues="ALL_OLD")
    written["MODIFY" if "Attributes" in old else "INSERT"] += 1


def delete(n):
    must("DeleteItem", TableName=TABLE, Key={"id": {"S": f"user-{n}"}})
    written["REMOVE"] += 1


def all_records(arn):
    """Reads the stream by the API: its records, as the workers print them."""
    records = set()
    for shard in shards(arn):
        at = iterator(arn, shard["ShardId"])
        while at:
            page = must("GetRecords", ShardIterator=at)
            for r in page["Records"]:
                expired = r.get("userIdentity", {}).get("Type") == "Service"
                records.add((r["dynamodb"]["SequenceNumber"], "EXPIRED" if expired else r["eventName"]))
            at = page.get("NextShardIterator") if page["Records"] else None
    return records


def leader(workers):
    """Finds the worker that gives leases to the others."""
    items = must("Scan", TableName="kcl-leases-CoordinatorState")["Items"]
    for item in items:
        for w in workers:
            if {"S": "Leader"} in item.values() and {"S": w.name} in item.values():
                return w
    raise SystemExit(f"drive.py: there is no leader in {items}")


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
    workers = [Worker(name, arn) for name in ("one", "two")]

    def seen():
        return {record for w in workers for record in list(w.records)}

    for n in range(FIRST):
        put(n, 0)
    wait("the workers have read what was inserted", workers, lambda: len(seen()) >= FIRST)

    # Two shards, so that each worker has one.
    lab("split", table=TABLE)
    first = [len(w.records) for w in workers]
    versions = iter(range(1, 1_000_000))

    def both_read():
        put(next(versions) % FIRST, next(versions))
        return all(len(w.records) > n for w, n in zip(workers, first))

    wait("both workers read since the split", workers, both_read)

    # One is killed in the middle of everything. It is not the leader: if that is killed,
    # the library waits two minutes for another.
    left = leader(workers)
    (killed,) = (w for w in workers if w is not left)
    for n in range(FIRST, FIRST + 20):
        put(n, 0, ttl=int(time.time()) - 60)
    for n in range(20):
        put(n, next(versions))
        delete(n)
    killed.kill()
    say(f"killed worker {killed.name}")
    for n in range(20, 40):
        put(n, next(versions))
    lab("roll", table=TABLE)
    lab("sweep")
    for n in range(30, 60):
        put(n, next(versions))
        delete(n)
    written["EXPIRED"] += 20

    want = all_records(arn)
    check("records of the stream by kind", dict(collections.Counter(kind for _, kind in want)), dict(written))
    wait(f"the workers have read all {len(want)} records", [left], lambda: seen() >= want,
         lambda: f"but these are lost: {sorted(want - seen())}")
    check("records that are not in the stream", seen() - want, set())
    # Leases and checkpoints are in tables of the engine.
    leases = must("Scan", TableName="kcl-leases")["Items"]
    check("shards with a lease", len(leases) >= 2, True)
    left.kill()
    again = sum(len(w.records) for w in workers) - len(want)
    say(f"nothing is lost: {dict(written)}, {again} records came again, {len(leases)} leases")


main()
