"""
Microsoft's libraries for Python as anybody would use them: nothing about credentials or endpoints is said here.

managed AUDIENCE [CLIENT-ID] | default AUDIENCE | put ACCOUNT-URL CONTAINER BLOB | get ACCOUNT-URL CONTAINER BLOB |
loop ACCOUNT-URL CONTAINER BLOB SECONDS | msal AUDIENCE [CLIENT-ID]
One JSON line on stdout; exit 0, 1 for a failure.
"""

import json
import sys
import time

PAUSE = 0.25


def managed(audience, client_id=None):
    from azure.identity import ManagedIdentityCredential

    return token(ManagedIdentityCredential(client_id=client_id), audience)


def default(audience):
    from azure.identity import DefaultAzureCredential

    return token(DefaultAzureCredential(), audience)


def token(credential, audience):
    got = credential.get_token(f"{audience}/.default")
    return {"token": got.token, "expiresAt": got.expires_on * 1000}


def msal(audience, client_id=None):
    import requests
    from msal import ManagedIdentityClient, SystemAssignedManagedIdentity, UserAssignedManagedIdentity

    identity = (
        SystemAssignedManagedIdentity()
        if client_id is None
        else UserAssignedManagedIdentity(client_id=client_id)
    )
    client = ManagedIdentityClient(identity, http_client=requests.Session())
    got = client.acquire_token_for_client(resource=audience)
    if "access_token" not in got:
        raise RuntimeError(f"{got.get('error')}: {got.get('error_description')}")
    return {"token": got["access_token"], "expiresAt": (time.time() + got["expires_in"]) * 1000}


class Noting:
    """Notes the tokens that the storage client is given."""

    def __init__(self, credential):
        self.credential = credential
        self.tokens = set()

    def get_token(self, *scopes, **more):
        got = self.credential.get_token(*scopes, **more)
        self.tokens.add(got.token)
        return got


def blob(url, container, name, credential=None):
    from azure.identity import DefaultAzureCredential
    from azure.storage.blob import BlobClient

    return BlobClient(url, container, name, credential=credential or DefaultAzureCredential())


def get(url, container, name):
    return {"body": blob(url, container, name).download_blob().readall().decode()}


def put(url, container, name):
    blob(url, container, name).upload_blob(b"put by python", overwrite=True)
    return {"put": name}


def loop(url, container, name, seconds):
    from azure.identity import DefaultAzureCredential

    noting = Noting(DefaultAzureCredential())
    client = blob(url, container, name, noting)
    reads, errors, first = 0, 0, None
    until = time.monotonic() + float(seconds)
    while time.monotonic() < until:
        try:
            client.download_blob().readall()
            reads += 1
        except Exception as error:
            errors += 1
            first = first or str(error)
        time.sleep(PAUSE)
    return {"reads": reads, "errors": errors, "tokens": len(noting.tokens), "firstError": first}


VERBS = {verb.__name__: verb for verb in (managed, default, msal, get, put, loop)}

try:
    print(json.dumps(VERBS[sys.argv[1]](*sys.argv[2:])))
except Exception as error:
    print(json.dumps({"name": type(error).__name__, "message": str(error)}))
    sys.exit(1)
