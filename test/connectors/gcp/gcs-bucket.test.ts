import { beforeAll, describe, expect, it } from 'vitest';

import gcpGeneric from '../../../src/connectors/gcp/resource-types/gcp-generic.ts';
import gcsBucket from '../../../src/connectors/gcp/resource-types/gcs-bucket.ts';
import type { GcpCloud } from '../../../src/connectors/gcp/cloud.ts';
import { createGoogleAuth } from '../../../src/connectors/gcp/google-auth.ts';
import type { ResourceRequest } from '../../../src/core/credential.ts';
import { credentialOf, never, PROJECT, startStorageBed, type StorageBed } from './storage-bed.ts';

const CONFIG = { project_id: PROJECT };
const auth = (name: string) => `https://www.googleapis.com/auth/${name}`;

describe('ids of buckets', () => {
  it.each([
    ['gs://zenfiles', 'gs://zenfiles'],
    ['gs://zenfiles/', 'gs://zenfiles'],
    ['zenfiles', 'gs://zenfiles'],
    ['zenfiles/team', 'gs://zenfiles/team/'],
    ['gs://zenfiles/team/', 'gs://zenfiles/team/'],
    ['gs://zenfiles/team/*', 'gs://zenfiles/team/'],
    ['gs://zenfiles/team/**', 'gs://zenfiles/team/'],
    ['gs://zenfiles/*', 'gs://zenfiles'],
    ['gs://zenfiles/a//b', 'gs://zenfiles/a//b/'],
    ['gs://zen_files-1.example.com/x', 'gs://zen_files-1.example.com/x/'],
    ['//storage.googleapis.com/projects/_/buckets/zenfiles', 'gs://zenfiles'],
    ['//storage.googleapis.com/projects/_/buckets/zenfiles/objects/a/b', 'gs://zenfiles/a/b/'],
    [`gs://${'a'.repeat(63)}`, `gs://${'a'.repeat(63)}`],
    [`gs://${'a'.repeat(63)}.${'b'.repeat(63)}`, `gs://${'a'.repeat(63)}.${'b'.repeat(63)}`],
  ])('%s is %s', (id, canonical) => {
    expect(gcsBucket.canonical(id, CONFIG)).toBe(canonical);
  });

  it.each([
    'ab',
    'Zenfiles',
    '-zenfiles',
    'zenfiles-',
    '_zenfiles',
    '192.168.5.4',
    'googly',
    'goog-mine',
    'zen..files',
    'a'.repeat(64),
    `${'a'.repeat(64)}.example`,
    Array.from({ length: 5 }, () => 'a'.repeat(60)).join('.'),
    's3://zenfiles',
    'https://storage.googleapis.com/zenfiles',
    'gs:///zenfiles',
    'gs://zenfiles/a\nb',
    'gs://zenfiles/\0',
    'gs://zenfiles/\u{d800}',
    `gs://zenfiles/${'x'.repeat(1024)}`,
    '//storage.googleapis.com/projects/other/buckets/zenfiles',
    '//storage.googleapis.com/projects/_/buckets/zenfiles/folders/a',
    '//storage.googleapis.com/projects/_/buckets/',
    '//bigquery.googleapis.com/projects/p/datasets/zenfiles',
  ])('%j is none', (id) => {
    expect(() => gcsBucket.canonical(id, CONFIG)).toThrow(
      expect.objectContaining({ code: 'INPUT_INVALID', subject: 'resource_id' }),
    );
  });

  it.each([
    ['gs://zenfiles', 'gs://zenfiles/team/', true],
    ['gs://zenfiles/team/', 'gs://zenfiles/team/sub/', true],
    ['gs://zenfiles/team/', 'gs://zenfiles/team-other/', false],
    ['gs://zenfiles/team/', 'gs://zenfiles', false],
    ['gs://zenfiles', 'gs://zenfiles2', false],
  ])('%s covers %s: %s', (outer, inner, expected) => {
    expect(gcsBucket.covers?.(outer, inner)).toBe(expected);
  });
});

describe('what a grant of a bucket is narrowed to', () => {
  const bucket = (access: ResourceRequest['access'], id?: string): ResourceRequest => ({
    type: 'gcs-bucket',
    access,
    ...(id === undefined ? {} : { id }),
  });

  it.each([
    ['read', 'roles/storage.objectViewer', 'devstorage.read_only'],
    ['write', 'roles/storage.objectUser', 'devstorage.read_write'],
    ['full', 'roles/storage.objectAdmin', 'devstorage.full_control'],
  ] as const)('%s', (access, role, scope) => {
    expect(gcsBucket.narrow(bucket(access, 'gs://zenfiles'), CONFIG)).toEqual({
      boundary: [
        {
          availableResource: '//storage.googleapis.com/projects/_/buckets/zenfiles',
          availablePermissions: [`inRole:${role}`, 'inRole:roles/storage.legacyBucketReader'],
        },
      ],
    });
    expect(gcsBucket.narrow(bucket(access, 'gs://zenfiles/it’s/'), CONFIG)?.boundary).toEqual([
      expect.objectContaining({ availablePermissions: [`inRole:${role}`] }),
    ]);
    expect(gcsBucket.narrow(bucket(access), CONFIG)).toEqual({ scopes: [auth(scope)] });
  });

  it('a prefix is a condition as Google documents it', () => {
    const scope = gcsBucket.narrow(bucket('read', 'gs://zenfiles/team/'), CONFIG);
    expect(scope?.boundary?.[0]?.availabilityCondition?.expression).toBe(
      "resource.name.startsWith('projects/_/buckets/zenfiles/objects/team/') || api.getAttribute('storage.googleapis.com/objectListPrefix', '').startsWith('team/')",
    );
  });

  it('is never more than the connector’s own scopes', () => {
    const config = { ...CONFIG, scopes: [auth('devstorage.read_only')] };
    expect(gcsBucket.narrow(bucket('read', 'gs://zenfiles'), config)).toBeDefined();
    for (const id of ['gs://zenfiles', undefined]) {
      expect(() => gcsBucket.narrow(bucket('write', id), config)).toThrow(
        expect.objectContaining({ code: 'OUT_OF_SCOPE' }),
      );
    }
  });
});

describe('any resource of a project', () => {
  const whole = (scopes?: readonly string[]): ResourceRequest => ({
    type: 'gcp-generic',
    access: 'full',
    ...(scopes === undefined ? {} : { scopes }),
  });

  it('is the connector’s project and no other', () => {
    expect(gcpGeneric.canonical(PROJECT, CONFIG)).toBe(PROJECT);
    expect(gcpGeneric.canonical('example.com:data-prod', {})).toBe('example.com:data-prod');
    for (const id of ['other-prod', '123456789012', 'Data Prod', 'projects/data-prod']) {
      expect(() => gcpGeneric.canonical(id, CONFIG)).toThrow(
        expect.objectContaining({ code: 'INPUT_INVALID', subject: 'resource_id' }),
      );
    }
  });

  it('is limited to the scopes that the grant names', () => {
    expect(gcpGeneric.narrow(whole(), CONFIG)).toBeUndefined();
    expect(gcpGeneric.narrow(whole([auth('pubsub'), auth('bigquery')]), CONFIG)).toEqual({
      scopes: [auth('bigquery'), auth('pubsub')],
    });
  });

  it('a grant cannot name a scope beyond the connector’s', () => {
    const config = { ...CONFIG, scopes: [auth('devstorage.full_control')] };
    expect(gcpGeneric.narrow(whole([auth('devstorage.read_only')]), config)).toBeDefined();
    expect(() => gcpGeneric.narrow(whole([auth('bigquery')]), config)).toThrow(
      expect.objectContaining({
        code: 'OUT_OF_SCOPE',
        reason: expect.stringContaining(auth('bigquery')) as string,
      }),
    );
  });

  it('without scopes of its own a connector has what was asked of it by name', () => {
    expect(gcpGeneric.narrow(whole([auth('drive.readonly')]), CONFIG)).toEqual({
      scopes: [auth('drive.readonly')],
    });
  });
});

describe('proof against the service', () => {
  let bed: StorageBed;
  let cloud: GcpCloud;
  beforeAll(async () => {
    bed = await startStorageBed();
    cloud = { auth: createGoogleAuth(bed.machine), storage: bed.storage };
  });

  const probeOf = async (resource: ResourceRequest) => ({
    cloud,
    config: CONFIG,
    signal: never(),
    credential: credentialOf(await bed.tokenFor(gcsBucket.narrow(resource, CONFIG))),
    resource,
  });

  it('lists every bucket in its canonical form', async () => {
    const pages: (readonly string[])[] = [];
    const probe = await probeOf({ type: 'gcs-bucket', access: 'read' });
    for await (const page of gcsBucket.list?.(probe) ?? []) pages.push(page);
    expect(pages).toEqual([['gs://other', 'gs://zenfiles']]);
  });

  it.each(['gs://zenfiles', 'gs://zenfiles/team/', "gs://zenfiles/it's/", undefined])(
    'verifies %s',
    async (id) => {
      const resource = { type: 'gcs-bucket', access: 'read', ...(id && { id }) } as const;
      await gcsBucket.verify(await probeOf(resource));
    },
  );

  it('fails for a bucket that there is not, or that the token is not for', async () => {
    const [nowhere, own] = [
      { type: 'gcs-bucket', access: 'read', id: 'gs://nowhere-at-all' },
      { type: 'gcs-bucket', access: 'read', id: 'gs://zenfiles/team/' },
    ] as const;
    await expect(gcsBucket.verify(await probeOf(nowhere))).rejects.toMatchObject({
      code: 'UPSTREAM_INVALID',
    });
    const probe = await probeOf(own);
    for (const id of ['gs://other', 'gs://zenfiles', 'gs://zenfiles/team-other/']) {
      await expect(gcsBucket.verify({ ...probe, resource: { ...own, id } })).rejects.toMatchObject({
        code: 'UPSTREAM_DENIED',
      });
    }
  });

  it('says that a project is missing for the list', async () => {
    const probe = { ...(await probeOf({ type: 'gcs-bucket', access: 'read' })), config: {} };
    const list = async () => {
      for await (const _ of gcsBucket.list?.(probe) ?? []) return;
    };
    await expect(list()).rejects.toMatchObject({ code: 'INPUT_INVALID', subject: 'project_id' });
  });
});
