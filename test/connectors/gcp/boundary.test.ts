import { beforeAll, describe, expect, it } from 'vitest';

import gcsBucket from '../../../src/connectors/gcp/resource-types/gcs-bucket.ts';
import { mergeScopes, scopeAsSent } from '../../../src/connectors/gcp/scope.ts';
import type { GcpScope } from '../../../src/connectors/gcp/cloud.ts';
import type { Access } from '../../../src/core/credential.ts';
import { clientWith, startStorageBed, type StorageBed } from './storage-bed.ts';

const OK = 200;
const REFUSED = 403;

function bucket(id: string | undefined, access: Access = 'read'): GcpScope | undefined {
  return gcsBucket.narrow({ type: 'gcs-bucket', access, ...(id === undefined ? {} : { id }) }, {});
}

describe('what a storage service lets a bounded token do', () => {
  let bed: StorageBed;
  beforeAll(async () => {
    bed = await startStorageBed();
  });

  const clientFor = async (...scopes: (GcpScope | undefined)[]) =>
    clientWith(bed, await bed.tokenFor(mergeScopes(scopes)));

  it('without a boundary: everything, so that what is refused below is the boundary’s doing', async () => {
    const client = await clientFor(undefined);
    expect(await client.get('other', 'team/a.txt')).toBe(OK);
    expect(await client.put('other', 'new.txt')).toBe(OK);
    expect(await client.buckets()).toBe(OK);
  });

  it('read: its own bucket, whole', async () => {
    const client = await clientFor(bucket('gs://zenfiles'));
    expect(await client.look('zenfiles')).toBe(OK);
    expect(await client.list('zenfiles')).toBe(OK);
    expect(await client.get('zenfiles', 'team/a.txt')).toBe(OK);
  });

  it('read: no other bucket, no writing, no list of buckets', async () => {
    const client = await clientFor(bucket('gs://zenfiles'));
    expect(await client.look('other')).toBe(REFUSED);
    expect(await client.list('other')).toBe(REFUSED);
    expect(await client.get('other', 'team/a.txt')).toBe(REFUSED);
    expect(await client.put('zenfiles', 'new.txt')).toBe(REFUSED);
    expect(await client.remove('zenfiles', 'top.txt')).toBe(REFUSED);
    expect(await client.buckets()).toBe(REFUSED);
  });

  it('write: stores, overwrites and deletes in its own bucket alone', async () => {
    const client = await clientFor(bucket('gs://zenfiles', 'write'));
    expect(await client.put('zenfiles', 'mine.txt')).toBe(OK);
    expect(await client.put('zenfiles', 'mine.txt')).toBe(OK);
    expect(await client.get('zenfiles', 'mine.txt')).toBe(OK);
    expect(await client.remove('zenfiles', 'mine.txt')).toBe(204);
    expect(await client.put('other', 'mine.txt')).toBe(REFUSED);
  });

  it('a prefix: what lies below it, by listing, reading and writing', async () => {
    const client = await clientFor(bucket('gs://zenfiles/team/', 'write'));
    expect(await client.list('zenfiles', 'team/')).toBe(OK);
    expect(await client.list('zenfiles', 'team/sub/')).toBe(OK);
    expect(await client.get('zenfiles', 'team/a.txt')).toBe(OK);
    expect(await client.put('zenfiles', 'team/new.txt')).toBe(OK);
    expect(await client.remove('zenfiles', 'team/new.txt')).toBe(204);
  });

  it('a prefix: nothing beside it, above it or in another bucket', async () => {
    const client = await clientFor(bucket('gs://zenfiles/team/', 'write'));
    expect(await client.look('zenfiles')).toBe(REFUSED);
    expect(await client.list('zenfiles')).toBe(REFUSED);
    expect(await client.list('zenfiles', 'team')).toBe(REFUSED);
    expect(await client.list('zenfiles', 'team-other/')).toBe(REFUSED);
    expect(await client.get('zenfiles', 'top.txt')).toBe(REFUSED);
    expect(await client.get('zenfiles', 'team-other/c.txt')).toBe(REFUSED);
    expect(await client.put('zenfiles', 'team-other/new.txt')).toBe(REFUSED);
    expect(await client.list('other', 'team/')).toBe(REFUSED);
    expect(await client.get('other', 'team/a.txt')).toBe(REFUSED);
  });

  it('a prefix to read cannot be written to', async () => {
    const client = await clientFor(bucket('gs://zenfiles/team/'));
    expect(await client.get('zenfiles', 'team/a.txt')).toBe(OK);
    expect(await client.put('zenfiles', 'team/new.txt')).toBe(REFUSED);
    expect(await client.remove('zenfiles', 'team/a.txt')).toBe(REFUSED);
  });

  it.each([
    "x/' || true || '",
    "x/') || true || resource.name.startsWith('",
    "x/\\' || true || '",
    "x/\\\\' || true || '",
    "x/' || resource.name != '",
    'x/" || true || "',
    'x/\\',
  ])('a prefix that would be a condition opens nothing: %s', async (prefix) => {
    const client = await clientFor(bucket(`gs://zenfiles/${prefix}`));
    expect(await client.get('zenfiles', 'top.txt')).toBe(REFUSED);
    expect(await client.get('zenfiles', 'team/a.txt')).toBe(REFUSED);
    expect(await client.list('zenfiles')).toBe(REFUSED);
    // It is a prefix like another, listed as such.
    expect(await client.list('zenfiles', `${prefix}/`)).toBe(OK);
  });

  it.each([
    ["it's/", "it's/d.txt"],
    ['back\\slash/', 'back\\slash/e.txt'],
  ])('an odd prefix is itself: %s', async (prefix, name) => {
    const client = await clientFor(bucket(`gs://zenfiles/${prefix}`));
    expect(await client.list('zenfiles', prefix)).toBe(OK);
    expect(await client.get('zenfiles', name)).toBe(OK);
    expect(await client.get('zenfiles', 'top.txt')).toBe(REFUSED);
  });

  it('two grants together allow what each allows, and no more', async () => {
    const client = await clientFor(bucket('gs://zenfiles/team/', 'write'), bucket('gs://other'));
    expect(await client.put('zenfiles', 'team/new.txt')).toBe(OK);
    expect(await client.get('other', 'team/a.txt')).toBe(OK);
    expect(await client.put('other', 'team/new.txt')).toBe(REFUSED);
    expect(await client.get('zenfiles', 'top.txt')).toBe(REFUSED);
  });

  it('all buckets to read: every bucket and their list, no writing', async () => {
    const client = await clientFor(bucket(undefined));
    expect(await client.buckets()).toBe(OK);
    expect(await client.get('other', 'team/a.txt')).toBe(OK);
    expect(await client.put('other', 'new.txt')).toBe(REFUSED);
  });
});

describe('scopes of several grants', () => {
  it('an unlimited one makes the whole unlimited', () => {
    expect(mergeScopes([bucket('gs://a-bucket'), undefined])).toBeUndefined();
    expect(mergeScopes([undefined])).toBeUndefined();
    expect(mergeScopes([])).toBeUndefined();
  });

  it('rules of one bucket and condition are one rule', () => {
    const [read, write] = [bucket('gs://zenfiles/a/'), bucket('gs://zenfiles/a/', 'write')];
    expect(mergeScopes([read, write, read])?.boundary).toEqual([
      expect.objectContaining({
        availablePermissions: [
          'inRole:roles/storage.objectViewer',
          'inRole:roles/storage.objectUser',
        ],
      }),
    ]);
  });

  it('what the whole bucket’s rule allows needs no rule for a prefix', () => {
    const [whole, part] = [bucket('gs://zenfiles'), bucket('gs://zenfiles/a/')];
    expect(mergeScopes([part, whole])).toEqual(whole);
    expect(mergeScopes([whole, bucket('gs://zenfiles/a/', 'write')])?.boundary).toHaveLength(2);
    expect(mergeScopes([whole, bucket('gs://other-one/a/')])?.boundary).toHaveLength(2);
  });

  it('OAuth scopes are joined', () => {
    expect(mergeScopes([{ scopes: ['b', 'a'] }, { scopes: ['c', 'a'] }])).toEqual({
      scopes: ['a', 'b', 'c'],
    });
  });

  it('ten rules are as many as Google takes', () => {
    const some = (count: number) =>
      Array.from({ length: count }, (_, index) => bucket(`gs://bucket-${index}`));
    expect(mergeScopes(some(10))?.boundary).toHaveLength(10);
    expect(() => mergeScopes(some(11))).toThrow(
      expect.objectContaining({ code: 'INPUT_INVALID', subject: 'grants' }),
    );
  });

  it('nor more characters than it takes', () => {
    const long = (count: number) =>
      Array.from({ length: count }, (_, i) => bucket(`gs://zenfiles/${'x'.repeat(60)}${i}/`));
    expect(mergeScopes(long(4))?.boundary).toHaveLength(4);
    for (const scopes of [long(5), [bucket(`gs://zenfiles/${'x'.repeat(1000)}/`)]]) {
      expect(() => mergeScopes(scopes)).toThrow(
        expect.objectContaining({ code: 'INPUT_INVALID', subject: 'grants' }),
      );
    }
  });

  it('buckets and scopes cannot be in one token', () => {
    expect(() => mergeScopes([bucket('gs://zenfiles'), bucket(undefined)])).toThrow(
      expect.objectContaining({ code: 'INPUT_INVALID', subject: 'grants' }),
    );
  });

  it('is shown as it is sent', () => {
    const scope = bucket('gs://zenfiles');
    expect(scopeAsSent(scope)).toEqual({
      accessBoundary: { accessBoundaryRules: scope?.boundary },
    });
    expect(scopeAsSent({ scopes: ['openid'] })).toEqual({ scopes: ['openid'] });
    expect(scopeAsSent(undefined)).toBeUndefined();
  });
});
