import { get } from 'node:https';
import { describe, expect, it } from 'vitest';
import { certificate } from '../../../src/stand-ins/google/certificate.ts';
import { createKeySource } from '../../../src/stand-ins/google/rsa-keys.ts';
import { refusalOf, signed, startBed, textOf } from './setup.ts';

async function startFaultBed() {
  const bed = await startBed();
  return { ...bed, ask: () => bed.bearer(signed(bed.file, bed.claims())) };
}

describe('a fault', () => {
  it('hits as often as it is told, newest first, by operation', async () => {
    const bed = await startFaultBed();
    bed.google.faults.add('*', { kind: 'error', status: 500 }, 1);
    const remove = bed.google.faults.add('oauth2:*', { kind: 'error', status: 503 });
    expect(refusalOf(await bed.ask())).toBe('503 temporarily_unavailable');
    expect(refusalOf(await bed.ask())).toBe('503 temporarily_unavailable');
    remove();
    expect(refusalOf(await bed.ask())).toBe('500 internal_failure');
    expect((await bed.ask()).status).toBe(200);
    bed.google.faults.add('sts:*', { kind: 'error', status: 500 });
    expect((await bed.ask()).status).toBe(200);
    bed.google.faults.clear();
    expect(bed.google.calls.count('oauth2:jwt-bearer')).toBe(5);
    expect(bed.google.log.map(({ status }) => status)).toEqual([503, 503, 500, 200, 200]);
  });

  it('speaks as each service speaks', async () => {
    const bed = await startFaultBed();
    const token = await bed.token();
    bed.google.faults.add('*', { kind: 'error', status: 429, retryAfterSeconds: 7 });
    const oauth = await bed.ask();
    expect(refusalOf(oauth)).toBe('429 rate_limit_exceeded');
    expect(oauth.headers.get('retry-after')).toBe('7');
    const path = `/v1/projects/-/serviceAccounts/${bed.robot.email}:generateAccessToken`;
    expect(refusalOf(await bed.post(path, {}, token))).toBe('429 RESOURCE_EXHAUSTED');
    const storage = await bed.get('/storage/v1/b?project=demo', token);
    expect(refusalOf(storage)).toBe('429 rateLimitExceeded');
    bed.google.faults.add('*', { kind: 'error', status: 400, code: 'invalid_grant' });
    expect(refusalOf(await bed.ask())).toBe('400 invalid_grant');
  });

  it('spoils the body', async () => {
    const bed = await startFaultBed();
    const spoil = async (body: 'malformed' | 'html' | 'empty' | 'oversized') => {
      bed.google.faults.add('*', { kind: 'body', body }, 1);
      const response = await fetch(`${bed.google.url}/oauth2/v3/certs`);
      return { type: response.headers.get('content-type'), text: await response.text() };
    };
    expect((await spoil('malformed')).text).toBe('{"access_token": "ya29.');
    expect((await spoil('html')).type).toContain('text/html');
    expect((await spoil('empty')).text).toBe('');
    expect((await spoil('oversized')).text.length).toBeGreaterThan(8 * 1024 * 1024);
  });

  it.each([{ value: undefined }, { value: '3599' }, { value: 0 }, { value: -1 }, { value: 1.5 }])(
    'sets expires_in to $value',
    async ({ value }) => {
      const bed = await startFaultBed();
      bed.google.faults.add('oauth2:*', { kind: 'field', name: 'expires_in', value });
      const answer = await bed.ask();
      expect(answer.body['expires_in']).toBe(value);
      expect('expires_in' in answer.body).toBe(value !== undefined);
      expect(textOf(answer, 'access_token')).toMatch(/^ya29\./);
    },
  );

  it('keeps the answer for later, cuts the line, or hangs', async () => {
    const bed = await startFaultBed();
    bed.google.faults.add('*', { kind: 'reset' }, 1);
    await expect(bed.ask()).rejects.toThrow('fetch failed');
    expect(bed.google.log.at(-1)).toMatchObject({ status: 0 });
    bed.google.faults.add('*', { kind: 'slow', milliseconds: 4000 }, 1);
    let done = false;
    const slow = bed.ask().then((answer) => {
      done = true;
      return answer;
    });
    // The request has arrived, and waits on the fake clock.
    while (bed.google.calls.count('oauth2:jwt-bearer') < 2) await turn();
    await bed.clock.advance(3999);
    expect(done).toBe(false);
    await bed.clock.advance(1);
    expect((await slow).status).toBe(200);
    bed.google.faults.add('*', { kind: 'hang' }, 1);
    const aborter = new AbortController();
    const hung = fetch(`${bed.google.url}/oauth2/v3/certs`, { signal: aborter.signal });
    while (bed.google.calls.count('oauth2:certs') < 1) await turn();
    aborter.abort();
    await expect(hung).rejects.toThrow('aborted');
  });

  it('takes the whole port away, and gives it back', async () => {
    const bed = await startFaultBed();
    await bed.google.faults.down();
    await expect(bed.ask()).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
    await bed.google.faults.up();
    expect((await bed.ask()).status).toBe(200);
  });
});

describe('the stand-in', () => {
  it('tells where it is in gcloud’s own variables', async () => {
    const { google } = await startBed();
    expect(google.variables).toEqual({
      CLOUDSDK_AUTH_TOKEN_HOST: `${google.url}/token`,
      CLOUDSDK_API_ENDPOINT_OVERRIDES_STS: `${google.url}/`,
      CLOUDSDK_API_ENDPOINT_OVERRIDES_IAMCREDENTIALS: `${google.url}/`,
      CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE: `${google.url}/storage/v1/`,
    });
  });

  it('speaks HTTPS with a certificate of the caller’s, at a port of the caller’s', async () => {
    const pair = createKeySource().next();
    const tls = {
      key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      cert: certificate(pair, 'localhost', Date.now()),
    };
    const first = await startBed({ tls });
    const { port, protocol } = new URL(first.google.url);
    expect(protocol).toBe('https:');
    expect(await statusOf(`${first.google.url}/oauth2/v3/certs`)).toBe(200);
    await first.google.stop();
    const second = await startBed({ tls, port: Number(port) });
    expect(second.google.url).toBe(first.google.url);
    expect(await statusOf(`${second.google.url}/storage/v1/b/x/o`)).toBe(401);
  });
});

async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

function statusOf(url: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    get(url, { rejectUnauthorized: false, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on('error', reject);
  });
}
