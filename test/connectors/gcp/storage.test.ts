import { beforeAll, beforeEach, describe, expect, it } from 'vitest';

import type { BearerToken } from '../../../src/connectors/gcp/cloud.ts';
import { createStorage } from '../../../src/connectors/gcp/storage.ts';
import { secret } from '../../../src/core/secret.ts';
import { never, PLACE, PROJECT, startStorageBed, type StorageBed } from './storage-bed.ts';

let bed: StorageBed;
let token: BearerToken;

beforeAll(async () => {
  bed = await startStorageBed();
  token = await bed.tokenFor(undefined);
});

beforeEach(() => bed.google.faults.clear());

async function pagesOf(project = PROJECT, signal = never()): Promise<(readonly string[])[]> {
  const pages: (readonly string[])[] = [];
  for await (const page of bed.storage.listBuckets(token.token, project, PLACE, signal)) {
    pages.push(page);
  }
  return pages;
}

const probe = (bucket: string, prefix?: string, signal = never()) =>
  bed.storage.probeList(token.token, bucket, prefix, PLACE, signal);

describe('buckets of a project', () => {
  it('are listed by name', async () => {
    expect(await pagesOf()).toEqual([['other', 'zenfiles']]);
  });

  it('are listed page by page', async () => {
    const many = Array.from({ length: 120 }, (_, i) => `bucket-${String(i).padStart(4, '0')}`);
    for (const name of many) bed.google.buckets.add({ name, project: 'many-buckets' });
    bed.google.buckets.allow(
      `serviceAccount:${bed.robot.email}`,
      'projects/many-buckets',
      'roles/storage.admin',
    );
    const pages = await pagesOf('many-buckets');
    expect(pages.map(({ length }) => length)).toEqual([50, 50, 20]);
    expect(pages.flat()).toEqual(many);
  });

  it('what came before a failing page is not lost', async () => {
    const seen: string[] = [];
    const read = async () => {
      const pages = bed.storage.listBuckets(token.token, 'many-buckets', PLACE, never());
      for await (const page of pages) {
        seen.push(...page);
        bed.google.faults.add('storage:buckets.list', { kind: 'error', status: 503 });
      }
    };
    await expect(read()).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
    expect(seen).toHaveLength(50);
  });

  it('a page that comes again and again ends the listing', async () => {
    bed.google.faults.add('storage:buckets.list', {
      kind: 'field',
      name: 'nextPageToken',
      value: Buffer.from('>a').toString('base64url'),
    });
    await expect(pagesOf()).rejects.toMatchObject({ code: 'UPSTREAM_MALFORMED' });
  });

  it('a project without any has one empty page', async () => {
    bed.google.buckets.allow(
      `serviceAccount:${bed.robot.email}`,
      'projects/no-buckets',
      'roles/storage.admin',
    );
    expect(await pagesOf('no-buckets')).toEqual([[]]);
  });

  it('those of somebody else’s project are refused, with what is needed', async () => {
    await expect(pagesOf('not-ours')).rejects.toMatchObject({
      code: 'UPSTREAM_DENIED',
      upstreamCode: 'forbidden',
      hint: expect.stringContaining('storage.buckets.list') as string,
    });
  });

  it('a project’s name with odd characters is a parameter like another', async () => {
    await expect(pagesOf('x&project=data-prod')).rejects.toMatchObject({ code: 'UPSTREAM_DENIED' });
    expect(bed.google.log.at(-1)?.target).toBe('x&project=data-prod');
  });
});

describe('looking into a bucket', () => {
  it('is allowed with and without a prefix, also one of odd characters', async () => {
    await probe('zenfiles');
    await probe('zenfiles', 'team/');
    await probe('zenfiles', 'a&prefix=b/#?%2f é');
  });

  it('fails where there is none', async () => {
    await expect(probe('nowhere')).rejects.toMatchObject({
      code: 'UPSTREAM_INVALID',
      upstreamCode: 'notFound',
      hint: 'there is no such bucket',
    });
  });

  it('is refused to a token for another bucket', async () => {
    const narrow = await bed.tokenFor({
      boundary: [
        {
          availableResource: '//storage.googleapis.com/projects/_/buckets/zenfiles',
          availablePermissions: ['inRole:roles/storage.objectViewer'],
        },
      ],
    });
    await bed.storage.probeList(narrow.token, 'zenfiles', undefined, PLACE, never());
    await expect(
      bed.storage.probeList(narrow.token, 'other', undefined, PLACE, never()),
    ).rejects.toMatchObject({ code: 'UPSTREAM_DENIED' });
  });

  it('fails with a token that is none, which is told to nobody', async () => {
    const bad = 'ya29.not-a-token-but-as-long-as-one-would-be-0123456789';
    const failing = bed.storage.probeList(secret(bad), 'zenfiles', undefined, PLACE, never());
    const error: unknown = await failing.catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'UPSTREAM_BAD_CREDENTIAL' });
    expect(String(error) + String((error as Error).cause)).not.toContain(bad);
  });

  it.each([
    ['slowed down', { kind: 'error', status: 429 }, 'UPSTREAM_THROTTLED'],
    ['broken', { kind: 'error', status: 500 }, 'UPSTREAM_UNAVAILABLE'],
    ['gone away', { kind: 'reset' }, 'UPSTREAM_UNAVAILABLE'],
    ['a page of some network', { kind: 'body', body: 'html' }, 'UPSTREAM_MALFORMED'],
    ['cut off', { kind: 'body', body: 'malformed' }, 'UPSTREAM_MALFORMED'],
    ['endless', { kind: 'body', body: 'oversized' }, 'UPSTREAM_MALFORMED'],
    ['of another shape', { kind: 'field', name: 'items', value: [{}] }, 'UPSTREAM_MALFORMED'],
  ] as const)('an answer that is %s', async (_, fault, code) => {
    bed.google.faults.add('storage:*', fault);
    await expect(probe('zenfiles')).rejects.toMatchObject({ code });
    await expect(pagesOf()).rejects.toMatchObject({ code });
  });

  it('ends with the signal', async () => {
    bed.google.faults.add('storage:objects.list', { kind: 'hang' });
    const stop = new AbortController();
    const asked = probe('zenfiles', undefined, stop.signal);
    stop.abort(new Error('enough'));
    await expect(asked).rejects.toThrow('enough');
  });
});

describe('where storage is asked', () => {
  it('at the connector’s own endpoint before the machine’s variable', async () => {
    const elsewhere = {
      ...bed.machine,
      env: { CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE: 'https://storage.invalid/' },
    };
    const place = { ...PLACE, storageEndpoint: `${bed.google.url}/storage/v1/` };
    await createStorage(elsewhere).probeList(token.token, 'zenfiles', undefined, place, never());
  });

  it('never in clear over a network', async () => {
    const place = { ...PLACE, storageEndpoint: 'http://storage.example/storage/v1' };
    await expect(
      bed.storage.probeList(token.token, 'zenfiles', undefined, place, never()),
    ).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });
});
