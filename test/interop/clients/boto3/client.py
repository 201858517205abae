"""boto3 as anybody would use it: nothing about credentials, regions or endpoints is said here.

client.py identity | creds | s3-ls BUCKET | s3-get BUCKET KEY | s3-put BUCKET KEY | loop-get BUCKET KEY SECONDS
One JSON line on stdout; exit 0, 3 when access was denied, 1 for everything else.
"""

import json
import re
import sys
import time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

PAUSE_SECONDS = 0.25

session = boto3.Session()


def s3():
    return session.client("s3", config=Config(s3={"addressing_style": "path"}))


def error_code(error):
    if isinstance(error, ClientError):
        return error.response.get("Error", {}).get("Code") or "Unknown"
    return type(error).__name__


def identity():
    who = session.client("sts").get_caller_identity()
    return {"arn": who["Arn"], "account": who["Account"]}


def creds():
    found = session.get_credentials()
    if found is None:
        raise RuntimeError("no credentials found")
    frozen = found.get_frozen_credentials()
    expiry = getattr(found, "_expiry_time", None)
    return {
        "provider": found.method,
        "accessKeyId": frozen.access_key,
        "hasToken": bool(frozen.token),
        "expiration": expiry.strftime("%Y-%m-%dT%H:%M:%SZ") if expiry else None,
    }


def s3_ls(bucket):
    return {"keys": [item["Key"] for item in s3().list_objects_v2(Bucket=bucket).get("Contents", [])]}


def s3_get(bucket, key):
    return {"body": s3().get_object(Bucket=bucket, Key=key)["Body"].read().decode()}


def s3_put(bucket, key):
    s3().put_object(Bucket=bucket, Key=key, Body=b"put by boto3")
    return {"put": key}


def loop_get(bucket, key, seconds):
    client = s3()
    key_ids = []
    reads = errors = 0
    first_error = None

    def note_key_id(request, **_):
        signed = re.search(rb"Credential=([^/]+)/", request.headers.get("Authorization", b""))
        if signed and signed[1].decode() not in key_ids:
            key_ids.append(signed[1].decode())

    client.meta.events.register("before-send.s3", note_key_id)
    until = time.monotonic() + float(seconds)
    while time.monotonic() < until:
        try:
            client.get_object(Bucket=bucket, Key=key)["Body"].read()
            reads += 1
        except Exception as error:  # counted, whatever it is: the loop is the test
            errors += 1
            first_error = first_error or error_code(error)
        time.sleep(PAUSE_SECONDS)
    return {"reads": reads, "errors": errors, "accessKeyIds": key_ids, "firstError": first_error}


VERBS = {
    "identity": identity,
    "creds": creds,
    "s3-ls": s3_ls,
    "s3-get": s3_get,
    "s3-put": s3_put,
    "loop-get": loop_get,
}

try:
    result = VERBS[sys.argv[1]](*sys.argv[2:])
    print(json.dumps(result))
    sys.exit(1 if result.get("errors") else 0)
except Exception as error:
    print(json.dumps({"error": error_code(error), "message": str(error)}))
    sys.exit(3 if error_code(error) == "AccessDenied" else 1)
