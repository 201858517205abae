import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { RenewalPolicy } from '../../src/broker/renewal.ts';
import { ACME, startAzure, type AzureBed } from '../beds/azure.ts';
import { until, type BedProcess, type Env } from '../beds/process.ts';
import { azureStorageClients, buildAzureClients } from './azure-clients.ts';
import { azureHome, registerSecret } from './azure-home.ts';
import { COLD_BUILD_MS } from './builds.ts';
import { answer } from './clients.ts';
import type { Installation } from './harness.ts';

/*
 * Tokens that live hardly longer than the five minutes that must be left of any, and a daemon that
 * renews them in time: clients ask again when five minutes are left, so after twelve seconds.
 */

const SECONDS = 312;
/** Twice as old as a token gets in anybody's hands. */
const DEAD_MS = 25_000;
const POLICY: RenewalPolicy = {
  floorMs: 304_000,
  fraction: 1 / 3,
  jitter: 0.1,
  shortestMs: 306_000,
  restMs: 1_000,
};
const LOOP_SECONDS = 30;
const ISSUING = 'entra:client-secret';

let bed: AzureBed;
let home: Installation;
let daemon: BedProcess;
let dir: string;
let env: Env;
let reaper: NodeJS.Timeout;
beforeAll(async () => {
  [bed, dir] = await Promise.all([
    startAzure(),
    mkdtemp(join(tmpdir(), 'vk-short-')),
    buildAzureClients(),
  ]);
  const { azure, namespace } = bed;
  home = await azureHome(bed);
  await registerSecret(home, bed, 'data', '--no-verify');
  azure.faults.add(ISSUING, { kind: 'field', name: 'expires_in', value: SECONDS });
  reaper = setInterval(() => {
    const old = Date.now() - DEAD_MS;
    for (const { token, issuedAt } of azure.tokens.issued())
      if (issuedAt < old) azure.tokens.expire(token);
  }, 50);
  const log = join(dir, 'daemon.log');
  const script = new URL('short-lived-daemon.ts', import.meta.url).pathname;
  daemon = namespace.start(process.execPath, [script, JSON.stringify(POLICY)], {
    env: home.env,
    log,
  });
  await until('the daemon', async () => (await readFile(log, 'utf8')).includes('serving\n'), {
    alive: [daemon],
  });
  env = { ...bed.trust, ...(await home.variables('--grant', 'data')) };
}, COLD_BUILD_MS);
afterAll(async () => {
  clearInterval(reaper);
  await daemon?.stop();
  await Promise.all([bed?.stop(), home?.remove(), rm(dir, { recursive: true, force: true })]);
});

const loop = async (client: (typeof azureStorageClients)[number]) =>
  answer(
    await client.run('loop', [ACME, 'zenfiles', 'runs/1.txt', String(LOOP_SECONDS)], env, {
      inside: bed.namespace.inside,
      timeoutMs: 120_000,
    }),
  );

describe('a program that runs for long', () => {
  it(`crosses renewals without one error: ${azureStorageClients.map(({ name }) => name).join(', ')}`, async () => {
    const outcomes = await Promise.all(azureStorageClients.map((client) => loop(client)));
    for (const [i, { reads, errors, tokens, firstError = null }] of outcomes.entries()) {
      const { name } = azureStorageClients[i] as (typeof azureStorageClients)[number];
      expect({ name, errors, firstError }).toEqual({ name, errors: 0, firstError: null });
      expect(reads).toBeGreaterThan(10);
      expect(tokens).toBeGreaterThan(1);
    }
  });

  it('asks Entra no oftener than the policy says, however often it is asked', () => {
    const times = bed.azure.tokens.issued().map(({ issuedAt }) => issuedAt);
    const gaps = times.slice(1).map((time, i) => time - (times[i] ?? 0));
    expect(gaps.length).toBeGreaterThan(2);
    expect(gaps.length).toBeLessThan(20);
    expect(Math.min(...gaps)).toBeGreaterThan(POLICY.restMs);
  });
});
