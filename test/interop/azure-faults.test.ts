import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { startAzure, type AzureBed } from '../beds/azure.ts';
import type { Env } from '../beds/process.ts';
import { azureNode, azurePython, type AzureClient } from './azure-clients.ts';
import { appWords, azureHome, registerSecret, registerWords, STORAGE } from './azure-home.ts';
import { expectToken, liveToken, requestsTo } from './azure-judge.ts';
import { answer } from './clients.ts';
import type { Installation, Service } from './harness.ts';

/* What clients say when Entra fails, and what the person who runs valetkey is told. */

const ISSUING = 'entra:client-secret';
/** The longest that any of them was seen to try, and half as long again. */
const PATIENT_MS = 120_000;
/** Well-formed, as the directory makes them, and nobody's. */
const NOBODYS = 'abc8Q~nobodysSecretNobodysSecretNobodysS';

const CLIENTS = [azurePython, azureNode];

let bed: AzureBed;
let home: Installation;
let daemon: Service;
beforeAll(async () => {
  bed = await startAzure();
  home = await azureHome(bed);
  daemon = await home.serve({ inside: bed.namespace.inside });
});
afterAll(async () => {
  await daemon?.stop();
  await Promise.all([bed?.stop(), home?.remove()]);
});
afterEach(() => {
  bed.azure.faults.clear();
});

/** A connector with a secret of its own, and the variables of a grant of all it may do. */
async function connector(name: string): Promise<Env> {
  await registerSecret(home, bed, name, '--no-verify');
  return variables(name);
}

const variables = async (name: string): Promise<Env> => ({
  ...bed.trust,
  ...(await home.variables('--grant', name)),
});

const token = (client: AzureClient, env: Env) =>
  client.run('managed', [STORAGE], env, {
    inside: bed.namespace.inside,
    timeoutMs: PATIENT_MS,
  });

/** The daemon's words about a connector at level warning or above. */
async function complaints(name: string): Promise<readonly string[]> {
  const lines = (await daemon.output()).split('\n').filter((line) => line.startsWith('{'));
  const about = lines.filter((line) => line.includes(`"connector":"${name}"`));
  return about.filter((line) => Number((JSON.parse(line) as { level: unknown }).level) >= 40);
}

describe('a secret that Entra does not know', () => {
  it('is told to each client at once, in words of its own, and to the log with Entra’s number', async () => {
    const secrets = { client_secret: NOBODYS };
    const words = [...appWords(bed), '--no-verify'];
    await home.must(await registerWords(home, 'wrong', 'service-principal', secrets, ...words));
    const env = await variables('wrong');
    const asked = await requestsTo(daemon);
    const outcomes = await Promise.all(CLIENTS.map((client) => token(client, env)));
    // None of them has tried again.
    expect(await requestsTo(daemon)).toBe(asked + CLIENTS.length);
    for (const outcome of outcomes) {
      expect(outcome.status).toBe(1);
      expect(answer(outcome)['message']).toMatch(/AADSTS7000215|secret/i);
      expect(outcome.stdout).not.toContain(NOBODYS);
    }
    expect(await complaints('wrong')).toContainEqual(expect.stringContaining('7000215'));
    // Once for all: whoever comes next is told the same without asking Entra.
    expect(bed.azure.calls.count(ISSUING)).toBe(1);
  });
});

describe('an Entra that is down', () => {
  it('is not noticed while the tokens at hand are good', async () => {
    const env = await connector('warm');
    const first = answer(await token(azurePython, env))['token'];
    bed.azure.faults.add('entra:*', { kind: 'error', status: 503 });
    const outcomes = await Promise.all(CLIENTS.map((client) => token(client, env)));
    for (const outcome of outcomes) expect(answer(outcome)['token']).toBe(first);
  });

  it.each(CLIENTS)(
    'is told to $name, which has tried again for a while, and forgotten when it is back',
    async (client) => {
      const name = `cold-${CLIENTS.indexOf(client)}`;
      const env = await connector(name);
      bed.azure.faults.add(ISSUING, { kind: 'error', status: 503 });
      const started = performance.now();
      const refused = await token(client, env);
      const took = performance.now() - started;
      expect(refused.status).toBe(1);
      expect(took).toBeGreaterThan(2_000);
      expect(took).toBeLessThan(PATIENT_MS - 5_000);
      expect(await complaints(name)).not.toEqual([]);
      bed.azure.faults.clear();
      expectToken(bed, await token(client, env), STORAGE);
    },
  );

  it.each(CLIENTS)('for a moment is waited for by $name itself', async (client) => {
    const env = await connector(`moment-${CLIENTS.indexOf(client)}`);
    const fault = {
      kind: 'error',
      status: 429,
      code: 'AADSTS90055',
      retryAfterSeconds: 1,
    } as const;
    bed.azure.faults.add(ISSUING, fault, 1);
    expectToken(bed, await token(client, env), STORAGE);
  });
});

describe('an Entra that is slow', () => {
  it('keeps clients waiting, and fails them not', async () => {
    const env = await connector('slow');
    bed.azure.faults.add(ISSUING, { kind: 'slow', milliseconds: 4_000 });
    bed.azure.calls.reset();
    const outcomes = await Promise.all(CLIENTS.map((client) => token(client, env)));
    for (const outcome of outcomes) liveToken(bed, answer(outcome)['token']);
    // However often the clients came again meanwhile.
    expect(bed.azure.calls.count(ISSUING)).toBe(1);
  });
});

describe('a daemon that is not there', () => {
  it('is an error', async () => {
    const env = await connector('gone');
    await daemon.stop();
    try {
      const outcomes = await Promise.all(CLIENTS.map((client) => token(client, env)));
      for (const { status } of outcomes) expect(status).toBe(1);
    } finally {
      daemon = await home.serve({ inside: bed.namespace.inside });
    }
  });
});
