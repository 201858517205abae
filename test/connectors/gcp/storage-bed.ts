import { afterAll } from 'vitest';

import type { BearerToken, GcpScope } from '../../../src/connectors/gcp/cloud.ts';
import { createGoogleAuth } from '../../../src/connectors/gcp/google-auth.ts';
import { CLOUD_PLATFORM } from '../../../src/connectors/gcp/scopes.ts';
import { createStorage } from '../../../src/connectors/gcp/storage.ts';
import type { Machine } from '../../../src/connectors/contract.ts';
import type { AccessToken } from '../../../src/core/credential.ts';
import { tokenId } from '../../../src/core/token-id.ts';
import { secret } from '../../../src/core/secret.ts';
import { startGoogleStandIn } from '../../../src/stand-ins/google/server.ts';
import { fakeClock } from '../../support/fake-clock.ts';

export const PROJECT = 'data-prod';
export const PLACE = { universeDomain: 'googleapis.com' };

export function never(): AbortSignal {
  return new AbortController().signal;
}

/** A stand-in with two buckets, and a service account that may do everything in their project. */
export async function startStorageBed() {
  const clock = fakeClock();
  const google = await startGoogleStandIn({
    clock: { now: () => clock.now(), sleep: (ms) => clock.sleep(ms, never()) },
  });
  afterAll(() => google.stop());
  const machine: Machine = { clock, env: google.variables, implicit: { allow: [] } };
  const auth = createGoogleAuth(machine);
  const robot = google.accounts.addServiceAccount({ name: 'robot', project: PROJECT });
  const member = `serviceAccount:${robot.email}`;
  google.buckets.allow(member, `projects/${PROJECT}`, 'roles/storage.admin');
  google.buckets.add({
    name: 'zenfiles',
    project: PROJECT,
    objects: {
      'top.txt': 'top',
      'team/a.txt': 'a',
      'team/b.txt': 'b',
      'team-other/c.txt': 'c',
      "it's/d.txt": 'd',
      'back\\slash/e.txt': 'e',
    },
  });
  google.buckets.add({ name: 'other', project: PROJECT, objects: { 'team/a.txt': 'not yours' } });
  const file = robot.keyFile();
  const key = {
    clientEmail: robot.email,
    privateKeyId: file.private_key_id,
    privateKey: secret(String(file['private_key'])),
  };

  async function tokenFor(scope: GcpScope | undefined): Promise<BearerToken> {
    const scopes = scope?.scopes ?? [CLOUD_PLATFORM];
    const source = await auth.keyToken(key, { scopes }, PLACE, never());
    if (scope?.boundary === undefined) return source;
    return await auth.downscope(source, scope.boundary, PLACE, never());
  }

  return { google, machine, robot, tokenFor, storage: createStorage(machine) };
}

export type StorageBed = Awaited<ReturnType<typeof startStorageBed>>;

export function credentialOf({ token, expiresAt, scopes }: BearerToken): AccessToken {
  return {
    kind: 'access-token',
    id: tokenId(token.reveal()),
    token: token.reveal(),
    issuedAt: expiresAt - 3_600_000,
    expiresAt,
    principal: 'robot',
    account: PROJECT,
    scopes,
  };
}

/** Requests as storage clients send them, answered with nothing but the status. */
export function clientWith({ google }: StorageBed, { token }: BearerToken) {
  const ask = async (path: string, method = 'GET', body?: string) => {
    const response = await fetch(google.url + path, {
      method,
      headers: { authorization: `Bearer ${token.reveal()}`, 'content-type': 'text/plain' },
      ...(body === undefined ? {} : { body }),
    });
    await response.arrayBuffer();
    return response.status;
  };
  const object = (bucket: string, name: string) =>
    `/storage/v1/b/${bucket}/o/${encodeURIComponent(name)}`;
  return {
    look: (bucket: string) => ask(`/storage/v1/b/${bucket}`),
    list: (bucket: string, prefix?: string) =>
      ask(
        `/storage/v1/b/${bucket}/o${prefix === undefined ? '' : `?prefix=${encodeURIComponent(prefix)}`}`,
      ),
    get: (bucket: string, name: string) => ask(`${object(bucket, name)}?alt=media`),
    put: (bucket: string, name: string) =>
      ask(
        `/upload/storage/v1/b/${bucket}/o?uploadType=media&name=${encodeURIComponent(name)}`,
        'POST',
        'new',
      ),
    remove: (bucket: string, name: string) => ask(object(bucket, name), 'DELETE'),
    buckets: () => ask(`/storage/v1/b?project=${PROJECT}`),
  };
}
