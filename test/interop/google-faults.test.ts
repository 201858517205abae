import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { startGoogle, type GoogleBed } from '../beds/google.ts';
import type { Env } from '../beds/process.ts';
import { answer } from './clients.ts';
import { googleClients, python, runGoogle, type GoogleClient } from './google-clients.ts';
import { addRobot, googleHome, registerKey, ROBOT } from './google-home.ts';
import { emailOf, liveToken, tokenOf } from './google-judge.ts';
import type { Installation, Service } from './harness.ts';

/* What clients say when Google fails, and what the person who runs valetkey is told. */

const node = googleClients.find(({ name }) => name === 'google-auth-library') as GoogleClient;
const ISSUING = 'oauth2:jwt-bearer';

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

type Line = Readonly<Record<string, unknown>>;

/** What the daemon has logged so far. */
async function logged(which: (line: Line) => boolean): Promise<readonly Line[]> {
  const lines = (await daemon.output()).split('\n').filter((line) => line.startsWith('{'));
  return lines.map((line) => JSON.parse(line) as Line).filter(which);
}

const isAbout = (text: unknown, code: string): boolean => String(text).includes(`(${code})`);

/** Google's codes for a connector's failures. */
const complaints = async (name: string): Promise<readonly unknown[]> =>
  (
    await logged(
      ({ event, subject }) =>
        event === 'failed' && (subject as Line | undefined)?.['connector'] === name,
    )
  ).map(({ upstreamCode }) => upstreamCode);

describe('a key that was revoked', () => {
  it('is told to each client at once, in words of its own, and to the log with Google’s code', async () => {
    const { env, revoke } = await connector('revoked');
    revoke();
    const [fromPython, fromNode, fromGcloud] = await Promise.all([
      token(python, env),
      token(node, env),
      gcloud(env, 'auth', 'print-access-token'),
    ]);
    // None of the three asked a second time.
    const refusals = await logged(
      ({ status, why }) => status === 403 && isAbout(why, 'invalid_grant'),
    );
    expect(refusals).toHaveLength(3);
    expect(answer(fromPython)).toMatchObject({ error: 'RefreshError' });
    expect(answer(fromPython)['message']).toContain('Status: 403');
    expect(fromNode.status).not.toBe(0);
    expect(fromGcloud).toMatchObject({ status: 1, stdout: '' });
    expect(fromGcloud.stderr).toMatch(/^ERROR: \(gcloud\.auth\.print-access-token\) /);
    // What gcloud says of a crash of its own.
    expect(fromGcloud.stderr).not.toMatch(/gcloud crashed|Traceback/);
    expect(await complaints('revoked')).toContain('invalid_grant');
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
    expect(await complaints('cold')).toContain('temporarily_unavailable');
    bed.google.faults.clear();
    // Python tries again by itself for fifteen seconds, longer than valetkey waits after a few failures.
    expect(emailOf(tokenOf(bed, await token(python, env)))).toBe(ROBOT);
  });

  it('for a moment is waited for by the clients themselves', async () => {
    const { env } = await connector('moment');
    bed.google.faults.add(ISSUING, { kind: 'error', status: 429, retryAfterSeconds: 1 }, 1);
    expect(emailOf(tokenOf(bed, await token(python, env)))).toBe(ROBOT);
    expect(await complaints('moment')).toEqual(['rate_limit_exceeded']);
  });
});

describe('a Google that is slow', () => {
  it('keeps clients waiting, and fails none', async () => {
    const [forPython, forNode] = [await connector('slow-python'), await connector('slow-node')];
    bed.google.faults.add(ISSUING, { kind: 'slow', milliseconds: 4_000 });
    const before = bed.google.calls.count(ISSUING);
    const outcomes = await Promise.all([token(python, forPython.env), token(node, forNode.env)]);
    for (const outcome of outcomes) expect(emailOf(tokenOf(bed, outcome))).toBe(ROBOT);
    // One for each connector, however often the clients came again meanwhile.
    expect(bed.google.calls.count(ISSUING) - before).toBe(2);
  });
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
  it('is an error', async () => {
    const { env } = await connector('gone');
    await daemon.stop();
    try {
      const outcomes = await Promise.all([token(python, env), token(node, env)]);
      for (const { status } of outcomes) expect(status).toBe(1);
    } finally {
      daemon = await home.serve({ inside: bed.namespace.inside });
    }
  });
});
