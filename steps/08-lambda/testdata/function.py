"""A Lambda function of the standard library alone: it speaks the Runtime API.

It prints each record's event name and keys. With an argument, it fails at
records of that event name.
"""

import http.client
import json
import os
import sys

INVOCATION = "/2018-06-01/runtime/invocation/"


def handle(record):
    if record["eventName"] in sys.argv[1:]:
        raise ValueError(record["eventName"] + " is not welcome")
    print(record["eventName"], json.dumps(record["dynamodb"]["Keys"], sort_keys=True))


def post(api, path, value):
    api.request("POST", INVOCATION + path, json.dumps(value))
    api.getresponse().read()


api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
while True:
    api.request("GET", INVOCATION + "next")
    answer = api.getresponse()
    event = json.loads(answer.read())
    request = answer.headers["Lambda-Runtime-Aws-Request-Id"]
    try:
        for record in event["Records"]:
            handle(record)
    except Exception as e:
        post(api, request + "/error", {"errorType": type(e).__name__, "errorMessage": str(e)})
    else:
        sys.stdout.flush()  # the process may be frozen or ended at any time after
        post(api, request + "/response", {"batchItemFailures": []})
