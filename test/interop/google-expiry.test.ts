import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { RenewalPolicy } from '../../src/broker/renewal.ts';
import { startGoogle, type GoogleBed } from '../beds/google.ts';
import { until, type BedProcess, type Env } from '../beds/process.ts';
import { COLD_BUILD_MS } from './builds.ts';
import { answer } from './clients.ts';
import { buildGoogleClients, googleClients, type GoogleClient } from './google-clients.ts';
import { addRobot, googleHome, registerKey } from './google-home.ts';
import type { Installation } from './harness.ts';

/* Tokens of seconds instead of an hour, and a daemon that renews them in time. */

const SECONDS = 8;
const POLICY: RenewalPolicy = {
  floorMs: 3_000,
  fraction: 1 / 3,
  jitter: 0.1,
  shortestMs: 4_000,
  restMs: 1_000,
};
const LOOP_SECONDS = 20;
const ISSUING = 'oauth2:jwt-bearer';

let bed: GoogleBed;
let home: Installation;
let daemon: BedProcess;
let dir: string;
let env: Env;
let reaper: NodeJS.Timeout;
beforeAll(async () => {
  [bed, dir] = await Promise.all([
    startGoogle(),
    mkdtemp(join(tmpdir(), 'vk-short-')),
    buildGoogleClients(),
  ]);
  const { google, namespace } = bed;
  home = await googleHome(bed);
  const robot = addRobot(bed);
  await registerKey(home, 'data', robot.keyFile(), '--no-verify');
  // Google says eight seconds, and means it.
  google.faults.add(ISSUING, { kind: 'field', name: 'expires_in', value: SECONDS });
  reaper = setInterval(() => {
    const old = Date.now() - SECONDS * 1000;
    for (const { token, issuedAt } of google.tokens.issued())
      if (issuedAt < old) google.tokens.expire(token);
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

const clients = googleClients.filter(({ knowsVariables }) => knowsVariables);

const loop = async (client: GoogleClient) =>
  answer(
    await client.run('loop-get', ['alpha', 'hello.txt', String(LOOP_SECONDS)], env, {
      inside: bed.namespace.inside,
      timeoutMs: 90_000,
    }),
  );

describe('a program that runs for long', () => {
  it(`crosses renewals without one error: ${clients.map(({ name }) => name).join(', ')}`, async () => {
    const outcomes = await Promise.all(clients.map((client) => loop(client)));
    for (const [i, { reads, errors, firstError, tokens }] of outcomes.entries()) {
      const { name } = clients[i] as GoogleClient;
      expect({ name, errors, firstError }).toEqual({ name, errors: 0, firstError: null });
      expect(reads).toBeGreaterThan(5);
      expect(tokens).toBeGreaterThan(1);
    }
  });

  it('asks Google about every five seconds for each kind of token, however often it is asked', () => {
    const issued = bed.google.tokens.issued();
    const kinds = new Map<string, number[]>();
    for (const { scopes, issuedAt } of issued) {
      const kind = scopes.toSorted().join(' ');
      kinds.set(kind, [...(kinds.get(kind) ?? []), issuedAt]);
    }
    // Storage's clients ask for storage's scopes, the others for cloud-platform.
    expect(kinds.size).toBeLessThan(5);
    for (const times of kinds.values()) {
      const gaps = times.slice(1).map((time, i) => time - (times[i] ?? 0));
      expect(Math.min(...gaps)).toBeGreaterThan(POLICY.restMs);
      expect(gaps.length).toBeLessThan(20);
    }
  });
});
