import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { startGoogle, type GoogleBed } from '../beds/google.ts';
import type { Env } from '../beds/process.ts';
import { answer } from './clients.ts';
import { googleClients, python, runGoogle, type GoogleClient } from './google-clients.ts';
import { addRobot, googleHome, registerKey, ROBOT } from './google-home.ts';
import { emailOf, liveToken } from './google-judge.ts';
import type { Installation, Service } from './harness.ts';

/* What clients say when Google fails, and what the person who runs valetkey is told. */

const node = googleClients.find(({ name }) => name === 'google-auth-library') as GoogleClient;
const ISSUING = 'oauth2:jwt-bearer';
/** A library that tried again needs at least two seconds more (Node), and fifteen (Python, gcloud). */
const AT_ONCE_MS = 10_000;

let bed: GoogleBed;
let home: Installation;
let daemon: Service;
let robot: ReturnType<typeof addRobot>;
beforeAll(async () => {
  bed = await startGoogle();
  home = await googleHome(bed);
  robot = addRobot(bed);
  daemon = await home.serve({ inside: bed.namespace.inside });
});
afterAll(async () => {
  await daemon?.stop();
  await Promise.all([bed?.stop(), home?.remove()]);
});
afterEach(async () => {
  bed.google.faults.clear();
});

/** A connector with a key of its own, and the variables of a grant of all it may do. */
async function connector(name: string): Promise<{ readonly env: Env; revoke(): void }> {
  const keyFile = robot.keyFile();
  await registerKey(home, name, keyFile, '--no-verify');
  const env = { ...bed.trust, ...(await home.variables('--grant', name)) };
  return { env, revoke: () => robot.revokeKey(keyFile.private_key_id) };
}

const token = (client: GoogleClient, env: Env) =>
  client.run('token', [], env, { inside: bed.namespace.inside });

const gcloud = (env: Env, ...words: readonly string[]) =>
  runGoogle(['gcloud', ...words], env, { inside: bed.namespace.inside });

/** The daemon's words about a connector at level warning or above. */
async function complaints(name: string): Promise<readonly string[]> {
  const lines = (await daemon.output()).split('\n').filter((line) => line.startsWith('{'));
  const about = lines.filter((line) => line.includes(`"connector":"${name}"`));
  return about.filter((line) => Number((JSON.parse(line) as { level: unknown }).level) >= 40);
}

describe('a key that was revoked', () => {
  it('is told to each client at once, in words of its own, and to the log with Google’s code', async () => {
    const { env, revoke } = await connector('revoked');
    revoke();
    const started = performance.now();
    const [fromPython, fromNode, fromGcloud] = await Promise.all([
      token(python, env),
      token(node, env),
      gcloud(env, 'auth', 'print-access-token'),
    ]);
    expect(performance.now() - started).toBeLessThan(AT_ONCE_MS);
    expect(answer(fromPython)).toMatchObject({ error: 'RefreshError' });
    expect(answer(fromPython)['message']).toContain('Status: 403');
    expect(fromNode.status).not.toBe(0);
    expect(fromGcloud).toMatchObject({ status: 1, stdout: '' });
    expect(fromGcloud.stderr).toMatch(/^ERROR: \(gcloud\.auth\.print-access-token\) /);
    // What gcloud says of a crash of its own.
    expect(fromGcloud.stderr).not.toMatch(/gcloud crashed|Traceback/);
    expect(await complaints('revoked')).toContainEqual(expect.stringContaining('invalid_grant'));
  });
});

describe('a Google that is down', () => {
  it('is not noticed while the tokens at hand are good', async () => {
    const { env } = await connector('warm');
    const first = answer(await token(python, env))['token'];
    const warm = await gcloud(env, 'auth', 'print-access-token');
    bed.google.faults.add('oauth2:*', { kind: 'error', status: 503 });
    const [again, fromNode, fromGcloud] = await Promise.all([
      token(python, env),
      token(node, env),
      // It asks for an identity token first, which there is none of; that must not stop it.
      gcloud(env, 'auth', 'print-access-token'),
    ]);
    expect(answer(again)['token']).toBe(first);
    expect(answer(fromNode)['token']).toBe(first);
    expect(emailOf(liveToken(bed, warm.stdout))).toBe(ROBOT);
    expect(fromGcloud).toMatchObject({ status: 0, stdout: warm.stdout });
  });

  it('is told to a client that finds nothing at hand, and forgotten when it is back', async () => {
    const { env } = await connector('cold');
    bed.google.faults.add(ISSUING, { kind: 'error', status: 503 });
    const refused = await token(node, env);
    expect(refused.status).not.toBe(0);
    expect(answer(refused)['message']).not.toContain('AccessDenied');
    expect(await complaints('cold')).not.toEqual([]);
    bed.google.faults.clear();
    // Python tries again by itself for fifteen seconds, longer than valetkey waits after a few failures.
    expect(emailOf(liveToken(bed, answer(await token(python, env))['token']))).toBe(ROBOT);
  });

  it('for a moment is waited for by the clients themselves', async () => {
    const { env } = await connector('moment');
    bed.google.faults.add(ISSUING, { kind: 'error', status: 429, retryAfterSeconds: 1 }, 1);
    expect(emailOf(liveToken(bed, answer(await token(python, env))['token']))).toBe(ROBOT);
    expect(await complaints('moment')).not.toEqual([]);
  });
});

describe('a Google that is slow', () => {
  it.each([['python', python] as const, ['node', node] as const])(
    'keeps %s waiting, and fails it not',
    async (name, client) => {
      const { env } = await connector(`slow-${name}`);
      bed.google.faults.add(ISSUING, { kind: 'slow', milliseconds: 4_000 });
      const before = bed.google.calls.count(ISSUING);
      expect(emailOf(liveToken(bed, answer(await token(client, env))['token']))).toBe(ROBOT);
      // However often the client came again meanwhile.
      expect(bed.google.calls.count(ISSUING) - before).toBe(1);
    },
  );
});

describe('an answer that is none', () => {
  it.each(['malformed', 'html', 'oversized', 'empty'] as const)(
    '%s: reaches no client',
    async (body) => {
      const { env } = await connector(`body-${body}`);
      bed.google.faults.add(ISSUING, { kind: 'body', body });
      const url = `http://${env['GCE_METADATA_HOST'] ?? ''}/computeMetadata/v1/instance/service-accounts/default/token`;
      const words = ['curl', '-sS', '--max-time', '20', '-H', 'Metadata-Flavor: Google'];
      const { inside } = bed.namespace;
      const { stdout } = await runGoogle([...words, '-w', '\\n%{http_code}', url], env, { inside });
      expect(stdout).toMatch(/\n503$/);
      expect(stdout.length).toBeLessThan(500);
      expect(stdout).not.toMatch(/aaaa|<html/);
    },
  );
});

describe('a daemon that is not there', () => {
  it('is an error soon', async () => {
    const { env } = await connector('gone');
    await daemon.stop();
    try {
      const started = performance.now();
      const outcomes = await Promise.all([token(python, env), token(node, env)]);
      for (const { status } of outcomes) expect(status).toBe(1);
      expect(performance.now() - started).toBeLessThan(AT_ONCE_MS);
    } finally {
      daemon = await home.serve({ inside: bed.namespace.inside });
    }
  });
});
