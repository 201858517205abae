import { describe, expect, test } from 'vitest';

import type { DirectRequest } from '../../src/endpoints/contract.ts';
import gceMetadata from '../../src/endpoints/gcp/gce-metadata.ts';
import { instanceId } from '../../src/endpoints/gcp/metadata-tree.ts';
import { createTrees } from '../../src/endpoints/gcp/trees.ts';
import { CONNECTION } from '../support/ask.ts';
import { caller, endpointWorld } from '../support/endpoint-world.ts';
import { GCE, GOOGLE_ACCOUNTS } from '../support/google-accounts.ts';

const INSTALLATION = 'a1b2c3d4e5f60718'.repeat(4);
const V = '/computeMetadata/v1';

describe('row 22: an instance’s id', () => {
  test('stays the same, and is of one workload of one installation', () => {
    const id = instanceId(INSTALLATION, 'app');
    expect(instanceId(INSTALLATION, 'app')).toBe(id);
    expect(instanceId(INSTALLATION, 'other')).not.toBe(id);
    expect(instanceId('b'.repeat(64), 'app')).not.toBe(id);
  });

  test('is above what a double holds and below what a signed integer does', () => {
    for (let i = 0; i < 1000; i += 1) {
      const id = BigInt(instanceId(INSTALLATION, `app${i}`));
      expect(id).toBeGreaterThan(2n ** 53n);
      expect(id).toBeLessThan(2n ** 63n);
    }
  });
});

describe('answers that are kept', () => {
  const look = createTrees(INSTALLATION);

  test('are the same object for the same caller, and for another of the same workload', () => {
    const one = look(caller(), `${V}/instance/name`);
    expect(look(caller(), `${V}/instance/name`)).toBe(one);
  });

  test.each([
    ['other accounts', caller({ accounts: [...GOOGLE_ACCOUNTS] })],
    ['another instance', caller({ gce: { ...GCE, name: 'renamed' } })],
    ['another workload', caller({ workload: 'another' })],
  ])('not for %s', (_name, other) => {
    const one = look(caller(), `${V}/instance/id`);
    expect(look(other, `${V}/instance/id`)).not.toBe(one);
  });

  test('neither many nor large: invariant 8', () => {
    const same = caller();
    const first = look(same, `${V}/instance/name?0`);
    for (let i = 1; i <= 128; i += 1) look(same, `${V}/instance/name?${i}`);
    expect(look(same, `${V}/instance/name?0`)).not.toBe(first);
    const long = `${V}/instance/name?${'x'.repeat(600)}`;
    expect(look(same, long)).not.toBe(look(same, long));
    const large = caller({ gce: { ...GCE, attributes: { large: 'x'.repeat(20_000) } } });
    expect(look(large, `${V}/?recursive=true`)).not.toBe(look(large, `${V}/?recursive=true`));
  });
});

test('whatever is asked, the answer is one that a client understands', async () => {
  const world = endpointWorld();
  const { direct } = gceMetadata.routes({ ...world.context, refused: () => undefined });
  const parts = [
    ...'/ // ? & = % + , ; : @ . .. ~ %2f %2F %00 %zz %25 %E2%82%AC v1 v2 default token'.split(' '),
    ...'identity email scopes computeMetadata instance project service-accounts'.split(' '),
    ...'recursive=true alt=text alt=json scopes= audience= audience=x format=full'.split(' '),
    ...'timeout_sec=1 last_etag=x __proto__ constructor toString length 0 -1'.split(' '),
  ];
  let seed = 1;
  const random = (below: number): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % below;
  };
  const word = (): string => parts[random(parts.length)] ?? '';
  const seen = new Set<number>();
  for (let i = 0; i < 20_000; i += 1) {
    const start = ['', V, `${V}/instance/service-accounts/default/`][random(3)] ?? '';
    const target = `${start}/${Array.from({ length: random(8) }, word).join('')}`;
    const request: DirectRequest = {
      connection: CONNECTION,
      method: 'GET',
      target,
      rawHeaders: ['Metadata-Flavor', 'Google'],
    };
    const answer = await direct?.(request);
    seen.add(answer?.status ?? 0);
    expect(answer?.headers['Metadata-Flavor'], target).toBe('Google');
    expect(answer?.headers['Content-Length'], target).toBe(
      String(Buffer.byteLength(answer?.body ?? '')),
    );
  }
  expect([...seen].toSorted((a, b) => a - b)).toEqual([200, 301, 400, 404]);
});
