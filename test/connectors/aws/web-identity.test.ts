import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CompactSign, exportJWK, generateKeyPair } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';

import webIdentity from '../../../src/connectors/aws/auth-methods/web-identity.ts';
import type { Machine } from '../../../src/connectors/contract.ts';
import { ofKind } from '../../../src/core/credential.ts';
import { secret, type Secret } from '../../../src/core/secret.ts';
import {
  allow,
  connectorOf,
  never,
  policyOf,
  portOf,
  saveNothing,
  startBed,
  trust,
  type Bed,
} from './aws-bed.ts';

const ISSUER = 'https://issuer.example';
const REGION = { region: 'eu-west-1' };

let bed: Bed;
let roleArn: string;
let sign: (claims?: object) => Promise<string>;

/** What the token's URL answers next, and what it was asked. */
let answer: { status: number; body: string; headers?: Record<string, string> } | 'hang';
const asked: Pick<IncomingMessage, 'url' | 'headers'>[] = [];
const issuer = createServer((request, response) => {
  asked.push({ url: request.url ?? '', headers: request.headers });
  if (answer === 'hang') return;
  response.writeHead(answer.status, answer.headers).end(answer.body);
});
let url: string;
const home = mkdtempSync(join(tmpdir(), 'valetkey-'));
const tokenFile = join(home, 'token');

beforeAll(async () => {
  bed = await startBed();
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const jwk = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256' };
  const Federated = bed.aws.accounts.addOidcProvider({
    account: '111122223333',
    issuer: ISSUER,
    audiences: ['sts.amazonaws.com'],
    jwks: { keys: [jwk] },
  });
  roleArn = bed.aws.accounts.putRole({
    name: 'ci',
    trust: policyOf({
      Effect: 'Allow',
      Principal: { Federated },
      Action: 'sts:AssumeRoleWithWebIdentity',
    }),
    policies: [policyOf(allow(['s3:*', 'sts:AssumeRole']))],
    maxSessionSeconds: 43_200,
  }).arn;
  sign = async (claims = {}) => {
    const now = Math.floor(bed.clock.now() / 1000);
    const payload = {
      iss: ISSUER,
      sub: 'job',
      aud: 'sts.amazonaws.com',
      iat: now,
      exp: now + 300,
      ...claims,
    };
    const token = new CompactSign(Buffer.from(JSON.stringify(payload)));
    return await token.setProtectedHeader({ alg: 'ES256', kid: 'one' }).sign(privateKey);
  };
  await new Promise<void>((resolve) => issuer.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${portOf(issuer)}/token?api-version=2.0`;
});

afterAll(() => {
  issuer.closeAllConnections();
  issuer.close();
  rmSync(home, { recursive: true });
});

beforeEach(() => void (asked.length = 0));

async function issue(
  config: object,
  more: {
    seconds?: number;
    env?: Record<string, string>;
    secret?: Record<string, Secret>;
    signal?: AbortSignal;
  } = {},
) {
  const machine: Machine = { ...bed.machine, env: { ...bed.machine.env, ...more.env } };
  const credential = await webIdentity.issue({
    connector: connectorOf({ secret: more.secret ?? {} }),
    config: webIdentity.config.parse({ ...REGION, role_arn: roleArn, ...config }),
    scope: undefined,
    seconds: more.seconds ?? 3600,
    cloud: bed.cloud,
    machine,
    signal: more.signal ?? never(),
    saveLogin: saveNothing,
  });
  return ofKind(credential, 'aws-session');
}

describe('a token from a file', () => {
  it('is read anew each time', async () => {
    writeFileSync(tokenFile, `${await sign()}\n`);
    const session = await issue({ token_file: tokenFile }, { seconds: 43_200 });
    expect(session).toMatchObject({
      roleArn,
      principalArn: 'arn:aws:sts::111122223333:assumed-role/ci/valetkey-aws-dev',
      expiresAt: bed.clock.now() + 43_200_000,
    });
    writeFileSync(tokenFile, await sign({ iss: 'https://other.example' }));
    await expect(issue({ token_file: tokenFile })).rejects.toMatchObject({
      code: 'UPSTREAM_BAD_CREDENTIAL',
      upstreamCode: 'InvalidIdentityToken',
    });
  });

  it('assumes further roles, for an hour at most', async () => {
    writeFileSync(tokenFile, await sign());
    const next = bed.aws.accounts.putRole({ name: 'next', trust: trust(roleArn) });
    const config = { token_file: tokenFile, role_chain: next.arn };
    expect(
      webIdentity.lifetimeOf?.(
        webIdentity.config.parse({ ...REGION, role_arn: roleArn, ...config }),
      )?.max,
    ).toBe(3600);
    expect((await issue(config)).roleArn).toBe(next.arn);
  });

  it.each([
    ['two words', 'UPSTREAM_MALFORMED'],
    ['', 'UPSTREAM_MALFORMED'],
    ['x'.repeat(20_001), 'UPSTREAM_MALFORMED'],
    ['not.a.token', 'UPSTREAM_BAD_CREDENTIAL'],
  ])('with %.20j in it', async (content, code) => {
    writeFileSync(tokenFile, content);
    await expect(issue({ token_file: tokenFile })).rejects.toMatchObject({ code });
  });

  it('that is not there', async () => {
    await expect(issue({ token_file: join(home, 'none') })).rejects.toMatchObject({
      code: 'SECRET_MISSING',
      subject: 'token_file',
    });
  });
});

describe('a token from a URL', () => {
  it('as GitHub Actions gives it', async () => {
    answer = { status: 200, body: JSON.stringify({ count: 1, value: await sign() }) };
    const env = {
      ACTIONS_ID_TOKEN_REQUEST_URL: url,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'request-token',
    };
    const config = {
      token_url_env: 'ACTIONS_ID_TOKEN_REQUEST_URL',
      token_bearer_env: 'ACTIONS_ID_TOKEN_REQUEST_TOKEN',
      token_audience: 'sts.amazonaws.com',
    };
    expect((await issue(config, { env })).roleArn).toBe(roleArn);
    expect(asked[0]?.url).toBe('/token?api-version=2.0&audience=sts.amazonaws.com');
    expect(asked[0]?.headers.authorization).toBe('Bearer request-token');
    await expect(issue(config)).rejects.toMatchObject({
      code: 'SECRET_MISSING',
      subject: 'token_url_env',
    });
  });

  it('as a metadata server gives it: plain text, with a header', async () => {
    answer = { status: 200, body: await sign() };
    expect((await issue({ token_url: url, token_headers: 'Metadata-Flavor=Google' })).roleArn).toBe(
      roleArn,
    );
    expect(asked[0]?.headers['metadata-flavor']).toBe('Google');
    expect(asked[0]?.headers.authorization).toBeUndefined();
  });

  it('with a bearer from the store, or from a file', async () => {
    answer = { status: 200, body: JSON.stringify({ id_token: await sign() }) };
    await issue({ token_url: url }, { secret: { token_bearer: secret('stored') } });
    const file = join(home, 'bearer');
    writeFileSync(file, 'filed\n');
    await issue({ token_url: url, token_bearer_file: file });
    expect(asked.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer stored',
      'Bearer filed',
    ]);
  });

  it.each([
    [{ status: 401, body: '' }, 'UPSTREAM_BAD_CREDENTIAL'],
    [{ status: 403, body: '' }, 'UPSTREAM_DENIED'],
    [{ status: 404, body: '' }, 'UPSTREAM_INVALID'],
    [{ status: 429, body: '' }, 'UPSTREAM_THROTTLED'],
    [{ status: 500, body: '' }, 'UPSTREAM_UNAVAILABLE'],
    [{ status: 302, body: '', headers: { location: 'http://127.0.0.1:1/' } }, 'UPSTREAM_INVALID'],
    [{ status: 200, body: '{"oops":1}' }, 'UPSTREAM_MALFORMED'],
    [{ status: 200, body: '{oops' }, 'UPSTREAM_MALFORMED'],
    [{ status: 200, body: '<html>Sign in</html>\n<b> here' }, 'UPSTREAM_MALFORMED'],
    [{ status: 200, body: 'x'.repeat(70_000) }, 'UPSTREAM_MALFORMED'],
  ] as const)('%j', async (next, code) => {
    answer = next;
    await expect(issue({ token_url: url })).rejects.toMatchObject({ code });
    expect(asked).toHaveLength(1);
  });

  it('over plain HTTP only from this machine', async () => {
    await expect(issue({ token_url: 'http://issuer.example/token' })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      subject: 'token_url',
    });
  });

  it('a variable that holds no URL is named, not its content', async () => {
    const env = { TOKEN_URL: 's3cret' };
    const failed = issue({ token_url_env: 'TOKEN_URL' }, { env });
    await expect(failed).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      subject: 'token_url_env',
      message: expect.not.stringContaining('s3cret'),
    });
  });

  it('that nobody answers', async () => {
    await expect(issue({ token_url: 'http://127.0.0.1:1/' })).rejects.toMatchObject({
      code: 'UPSTREAM_UNAVAILABLE',
    });
  });

  it('stops at once when aborted', async () => {
    answer = 'hang';
    const stop = new AbortController();
    const reason = new Error('enough');
    const running = issue({ token_url: url }, { signal: stop.signal });
    const settled = expect(running).rejects.toBe(reason);
    await vi.waitFor(() => expect(asked).toHaveLength(1));
    stop.abort(reason);
    await settled;
  });

  it('not through a proxy of the process’s own variables', async () => {
    vi.stubEnv('HTTP_PROXY', 'http://127.0.0.1:1');
    vi.stubEnv('http_proxy', 'http://127.0.0.1:1');
    answer = { status: 200, body: await sign() };
    expect((await issue({ token_url: url })).roleArn).toBe(roleArn);
    vi.unstubAllEnvs();
  });
});
