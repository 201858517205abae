import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';

import { startAzure, type AzureBed } from '../beds/azure.ts';
import type { Env } from '../beds/process.ts';
import { azurePython, runAzure } from './azure-clients.ts';
import { ARM, azureHome, registerSecret, STORAGE } from './azure-home.ts';
import { liveToken } from './azure-judge.ts';
import { answer } from './clients.ts';
import type { Installation, Service } from './harness.ts';

/* Everybody asks at once for what nobody has asked for yet: invariant 4, with real processes. */

const PYTHONS = 20;
const RAW = 180;
/** So long Entra takes, in which all the others come along. */
const SLOW_MS = 1_000;
const ISSUING = 'entra:client-secret';

let bed: AzureBed;
let home: Installation;
let daemon: Service;
let env: Env;
beforeAll(async () => {
  bed = await startAzure();
  home = await azureHome(bed);
  daemon = await home.serve({ inside: bed.namespace.inside });
  await registerSecret(home, bed, 'data', '--no-verify');
  env = { ...bed.trust, ...(await home.variables('--grant', 'data')) };
});
afterAll(async () => {
  await daemon?.stop();
  await Promise.all([bed?.stop(), home?.remove()]);
});
beforeEach(() => {
  bed.azure.faults.clear();
  bed.azure.faults.add(ISSUING, { kind: 'slow', milliseconds: SLOW_MS });
  bed.azure.calls.reset();
});

it(`${PYTHONS} Python processes cause one call`, async () => {
  const { inside } = bed.namespace;
  const outcomes = await Promise.all(
    Array.from({ length: PYTHONS }, () => azurePython.run('managed', [STORAGE], env, { inside })),
  );
  const [only, ...others] = new Set(outcomes.map((outcome) => answer(outcome)['token']));
  expect(others).toEqual([]);
  expect(liveToken(bed, only).audience).toBe(STORAGE);
  expect(bed.azure.calls.count(ISSUING)).toBe(1);
});

it(`${RAW} raw requests cause one call`, async () => {
  const { inside } = bed.namespace;
  const query = `api-version=2019-08-01&resource=${encodeURIComponent(ARM)}`;
  // A busy machine may be told to come again (503), which every library does.
  const patient = '-s --fail --retry 5 --retry-delay 1 --max-time 20';
  const curl = `curl ${patient} -H "X-IDENTITY-HEADER: $IDENTITY_HEADER" "$IDENTITY_ENDPOINT?${query}"`;
  const script = `for i in $(seq ${RAW}); do ${curl} & done; wait`;
  const { stdout } = await runAzure(['sh', '-c', script], env, { inside });
  const tokens = [...stdout.matchAll(/"access_token":"([^"]+)"/g)].map(([, token]) => token);
  expect(tokens).toHaveLength(RAW);
  const [only, ...others] = new Set(tokens);
  expect(others).toEqual([]);
  expect(liveToken(bed, only).audience).toBe(ARM);
  expect(bed.azure.calls.count(ISSUING)).toBe(1);
});
