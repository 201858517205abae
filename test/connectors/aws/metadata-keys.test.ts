import { describe, expect, it } from 'vitest';

import { containerKeys } from '../../../src/connectors/aws/container-keys.ts';
import { instanceKeys } from '../../../src/connectors/aws/instance-keys.ts';
import { never } from './aws-bed.ts';
import { awsHome } from './aws-home.ts';
import { localServer, type Answer, type Seen } from './local-server.ts';

const DOCUMENT = {
  AccessKeyId: 'ASIACONTAINER0000001',
  SecretAccessKey: 'planted-secret',
  Token: 'planted-token',
  Expiration: '2026-11-02T15:00:00Z',
};
const END = Date.parse(DOCUMENT.Expiration);
const json = (body: object): Answer => ({ body: JSON.stringify(body) });

async function ask(answer: Answer, more: { token?: string; tokenFile?: string } = {}) {
  const server = await localServer(() => answer);
  const url = `${server.url}/v1/credentials?id=7`;
  const source = {
    kind: 'container',
    url,
    token: more.token,
    tokenFile: more.tokenFile,
  } as const;
  return { server, keys: containerKeys(source, awsHome(), never()) };
}

describe('the container endpoint', () => {
  it('is asked with the token as it is, and its expiry is believed', async () => {
    const { server, keys } = await ask(json(DOCUMENT), { token: 'Basic abc' });
    expect(await keys).toMatchObject({
      keys: { accessKeyId: DOCUMENT.AccessKeyId },
      expiresAt: END,
    });
    expect((await keys).keys.sessionToken?.reveal()).toBe('planted-token');
    expect(server.seen).toMatchObject([
      { line: 'GET /v1/credentials?id=7', headers: { authorization: 'Basic abc' } },
    ]);
  });

  it('is asked without a token where there is none', async () => {
    const { server, keys } = await ask(json(DOCUMENT));
    await keys;
    expect(server.seen[0]?.headers).not.toHaveProperty('authorization');
  });

  it('is asked with the file’s token as of now, which wins over the inline one', async () => {
    const home = awsHome();
    const server = await localServer(() => json(DOCUMENT));
    const tokenFile = home.write('token', 'first');
    const source = { kind: 'container', url: server.url, token: 'inline', tokenFile } as const;
    await containerKeys(source, home, never());
    home.write('token', 'second');
    await containerKeys(source, home, never());
    expect(server.seen.map(({ headers }) => headers.authorization)).toEqual(['first', 'second']);
  });

  it.each([
    ['a line break in the token', { token: 'abc\nx: y' }, 'CONFIG_INVALID'],
    ['a token file that is gone', { tokenFile: '/nonexistent/token' }, 'CONFIG_UNREADABLE'],
  ])('%s is told before anything is asked', async (_, more, code) => {
    const { server, keys } = await ask(json(DOCUMENT), more);
    await expect(keys).rejects.toMatchObject({ code });
    expect(server.seen).toEqual([]);
  });

  it.each<[string, Answer, string]>([
    ['a refusal', { status: 403, body: '{"code":"AccessDenied"}' }, 'UPSTREAM_DENIED'],
    ['trouble', { status: 503 }, 'UPSTREAM_UNAVAILABLE'],
    ['throttling', { status: 429 }, 'UPSTREAM_UNAVAILABLE'],
    ['a redirect', { status: 302 }, 'UPSTREAM_DENIED'],
    ['no JSON', { body: 'planted-secret' }, 'UPSTREAM_MALFORMED'],
    ['no object', { body: '[]' }, 'UPSTREAM_MALFORMED'],
    ['no token', json({ ...DOCUMENT, Token: undefined }), 'UPSTREAM_MALFORMED'],
    ['an empty key', json({ ...DOCUMENT, SecretAccessKey: '' }), 'UPSTREAM_MALFORMED'],
    ['no expiry', json({ ...DOCUMENT, Expiration: undefined }), 'UPSTREAM_MALFORMED'],
    [
      'an expiry without zone',
      json({ ...DOCUMENT, Expiration: '2026-11-02T15:00:00' }),
      'UPSTREAM_MALFORMED',
    ],
    [
      'keys that have expired',
      json({ ...DOCUMENT, Expiration: '2026-11-02T08:59:59Z' }),
      'CREDENTIAL_EXPIRED',
    ],
    [
      'an error with status 200',
      json({ Code: 'Failed', Message: 'planted-secret' }),
      'UPSTREAM_DENIED',
    ],
    ['a flood', { body: 'x'.repeat(70_000) }, 'UPSTREAM_UNAVAILABLE'],
  ])('%s', async (_, answer, code) => {
    const error: unknown = await (await ask(answer)).keys.catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code });
    expect(String(error)).not.toContain('planted');
  });

  it('stops at once when it is told to', async () => {
    const server = await localServer(() => undefined);
    const controller = new AbortController();
    const source = {
      kind: 'container',
      url: server.url,
      token: undefined,
      tokenFile: undefined,
    } as const;
    const keys = containerKeys(source, awsHome(), controller.signal);
    controller.abort(new Error('enough'));
    await expect(keys).rejects.toThrow('enough');
  });
});

describe('the instance metadata service', () => {
  const ROLES = 'GET /latest/meta-data/iam/security-credentials/';
  const TOKEN = 'PUT /latest/api/token';

  /** IMDS as the answers say, each beside what a healthy one says. */
  async function imds(answers: Record<string, Answer> = {}) {
    const healthy: Record<string, Answer> = {
      [TOKEN]: { body: 'the-token' },
      [ROLES]: { body: 'my role\nanother' },
      [`${ROLES}my%20role`]: json({ ...DOCUMENT, Code: 'Success', Type: 'AWS-HMAC' }),
    };
    const server = await localServer(({ line, headers }: Seen): Answer => {
      const held = headers['x-aws-ec2-metadata-token'];
      if (line !== TOKEN && held !== 'the-token') return { status: 401 };
      return line in answers ? answers[line] : (healthy[line] ?? { status: 404 });
    });
    const source = { kind: 'instance', endpoint: server.url } as const;
    return { server, keys: instanceKeys(source, awsHome(), never()) };
  }

  it('is asked by version 2 and its expiry is believed', async () => {
    const { server, keys } = await imds();
    expect(await keys).toMatchObject({
      keys: { accessKeyId: DOCUMENT.AccessKeyId },
      expiresAt: END,
    });
    expect(server.seen.map(({ line }) => line)).toEqual([TOKEN, ROLES, `${ROLES}my%20role`]);
    expect(server.seen[0]?.headers).toMatchObject({
      'x-aws-ec2-metadata-token-ttl-seconds': '21600',
    });
  });

  it.each<[string, Record<string, Answer>, string]>([
    ['version 1 is never spoken', { [TOKEN]: { status: 403 } }, 'UPSTREAM_UNAVAILABLE'],
    ['no token route', { [TOKEN]: { status: 404 } }, 'UPSTREAM_UNAVAILABLE'],
    ['no role', { [ROLES]: { status: 404 } }, 'UPSTREAM_DENIED'],
    ['an empty list', { [ROLES]: { body: '' } }, 'UPSTREAM_DENIED'],
    [
      'a role that cannot be assumed',
      { [`${ROLES}my%20role`]: json({ Code: 'AssumeRoleUnauthorizedAccess' }) },
      'UPSTREAM_DENIED',
    ],
    ['trouble', { [ROLES]: { status: 500 } }, 'UPSTREAM_UNAVAILABLE'],
  ])('%s', async (_, answers, code) => {
    await expect((await imds(answers)).keys).rejects.toMatchObject({ code });
  });

  it('is silent on most machines, and not waited for', async () => {
    const home = awsHome();
    const asked = Promise.withResolvers<void>();
    const server = await localServer(() => {
      asked.resolve();
      return undefined;
    });
    const source = { kind: 'instance', endpoint: server.url } as const;
    const outcome = expect(instanceKeys(source, home, never())).rejects.toMatchObject({
      code: 'UPSTREAM_UNAVAILABLE',
    });
    await asked.promise;
    await home.clock.advance(1000);
    await outcome;
  });
});
