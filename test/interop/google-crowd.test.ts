import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';

import { startGoogle, type GoogleBed } from '../beds/google.ts';
import type { Env } from '../beds/process.ts';
import { answer } from './clients.ts';
import { python, runGoogle } from './google-clients.ts';
import { addRobot, googleHome, registerKey } from './google-home.ts';
import { liveToken } from './google-judge.ts';
import type { Installation, Service } from './harness.ts';

/* Everybody asks at once for what nobody has asked for yet: invariant 4, with real processes. */

const THREADS = 20;
const PYTHONS = 20;
const RAW = 180;
/** So long Google takes, in which all the others come along. */
const SLOW_MS = 1_000;
const ISSUING = ['oauth2:jwt-bearer', 'sts:downscope'] as const;

let bed: GoogleBed;
let home: Installation;
let daemon: Service;
beforeAll(async () => {
  bed = await startGoogle();
  home = await googleHome(bed);
  const robot = addRobot(bed);
  daemon = await home.serve({ inside: bed.namespace.inside });
  await registerKey(home, 'data', robot.keyFile());
});
afterAll(async () => {
  await daemon?.stop();
  await Promise.all([bed?.stop(), home?.remove()]);
});
beforeEach(() => {
  bed.google.faults.clear();
  bed.google.faults.add('oauth2:jwt-bearer', { kind: 'slow', milliseconds: SLOW_MS });
});

/** Of a grant that nothing was obtained for so far. */
async function coldVariables(grant: string): Promise<Env> {
  const env = { ...bed.trust, ...(await home.variables('--grant', grant)) };
  bed.google.calls.reset();
  return env;
}

const upstreamCalls = (): readonly number[] =>
  ISSUING.map((operation) => bed.google.calls.count(operation));

it(`${THREADS} threads of one Python process cause one call`, async () => {
  const env = await coldVariables('data');
  const { inside } = bed.namespace;
  expect(answer(await python.run('threads', [String(THREADS)], env, { inside }))).toEqual({
    answers: THREADS,
    tokens: 1,
  });
  expect(upstreamCalls()).toEqual([1, 0]);
});

it(`${PYTHONS + RAW} processes cause one call of each kind`, async () => {
  const env = await coldVariables('data=gs://alpha:read');
  const { inside } = bed.namespace;
  const url = `http://${env['GCE_METADATA_HOST'] ?? ''}/computeMetadata/v1/instance/service-accounts/default/token`;
  // A busy machine may be told to come again (503), which every library does.
  const patient = '-s --fail --retry 5 --retry-delay 1 --max-time 20';
  const curl = `curl ${patient} -H 'Metadata-Flavor: Google' '${url}'`;
  const raw = runGoogle(['sh', '-c', `for i in $(seq ${RAW}); do ${curl} & done; wait`], env, {
    inside,
  });
  const [{ stdout }, ...pythons] = await Promise.all([
    raw,
    ...Array.from({ length: PYTHONS }, () => python.run('token', [], env, { inside })),
  ]);
  const tokens = [
    ...[...stdout.matchAll(/"access_token":"([^"]+)"/g)].map(([, token]) => token),
    ...pythons.map((outcome) => answer(outcome)['token']),
  ];
  expect(tokens).toHaveLength(PYTHONS + RAW);
  const [only, ...others] = new Set(tokens);
  expect(others).toEqual([]);
  expect(liveToken(bed, only).boundary).toBeDefined();
  expect(upstreamCalls()).toEqual([1, 1]);
});
