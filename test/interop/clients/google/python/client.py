"""google-auth and google-cloud-storage as anybody would use them: nothing about credentials, projects or endpoints is said here.

client.py who | token | identity AUDIENCE | ls BUCKET [PREFIX] | get BUCKET KEY | put BUCKET KEY
          | loop-get BUCKET KEY SECONDS | threads NUMBER
One JSON line on stdout; exit 0, 3 when access was denied, 1 for everything else.
"""

import concurrent.futures
import json
import sys
import threading
import time

import google.auth
from google.api_core.exceptions import GoogleAPICallError
from google.auth.transport.requests import Request
from google.cloud import storage
from google.oauth2 import id_token

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
PAUSE_SECONDS = 0.25


def refreshed():
    credentials, project = google.auth.default(scopes=[SCOPE])
    credentials.refresh(Request())
    return credentials, project


def error_code(error):
    status = error.code if isinstance(error, GoogleAPICallError) else None
    return "AccessDenied" if status == 403 else type(error).__name__


def who():
    credentials, project = refreshed()
    return {"email": credentials.service_account_email, "project": project}


def token():
    credentials, _ = refreshed()
    # The library keeps its expiry as a naive time in UTC.
    left = credentials.expiry.timestamp() - time.timezone - time.time()
    return {"token": credentials.token, "expiresIn": round(left)}


def identity(audience):
    return {"token": id_token.fetch_id_token(Request(), audience)}


def ls(bucket, prefix=None):
    return {"keys": [blob.name for blob in storage.Client().list_blobs(bucket, prefix=prefix)]}


def get(bucket, key):
    return {"body": storage.Client().bucket(bucket).blob(key).download_as_bytes().decode()}


def put(bucket, key):
    storage.Client().bucket(bucket).blob(key).upload_from_string(b"put by python")
    return {"put": key}


def loop_get(bucket, key, seconds):
    client = storage.Client()
    blob = client.bucket(bucket).blob(key)
    tokens = set()
    reads = errors = 0
    first_error = None
    until = time.monotonic() + float(seconds)
    while time.monotonic() < until:
        try:
            blob.download_as_bytes()
            reads += 1
            tokens.add(client._credentials.token)
        except Exception as error:  # counted, whatever it is: the loop is the test
            errors += 1
            first_error = first_error or error_code(error)
        time.sleep(PAUSE_SECONDS)
    return {"reads": reads, "errors": errors, "tokens": len(tokens), "firstError": first_error}


def threads(number):
    """All at once, each with credentials of its own: nothing is shared but the process."""
    start = threading.Barrier(int(number))

    def one(_):
        start.wait()
        return token()["token"]

    with concurrent.futures.ThreadPoolExecutor(int(number)) as pool:
        tokens = list(pool.map(one, range(int(number))))
    return {"answers": len(tokens), "tokens": len(set(tokens))}


VERBS = {
    "who": who,
    "token": token,
    "identity": identity,
    "ls": ls,
    "get": get,
    "put": put,
    "loop-get": loop_get,
    "threads": threads,
}

try:
    result = VERBS[sys.argv[1]](*sys.argv[2:])
    print(json.dumps(result))
    sys.exit(1 if result.get("errors") else 0)
except Exception as error:
    print(json.dumps({"error": error_code(error), "message": str(error)}))
    sys.exit(3 if error_code(error) == "AccessDenied" else 1)
