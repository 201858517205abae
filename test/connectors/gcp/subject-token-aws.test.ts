import { describe, expect, it } from 'vitest';
import { z } from 'zod';

import { signedHeaders } from '../../../src/connectors/gcp/subject-token/sigv4.ts';
import { secret } from '../../../src/core/secret.ts';
import { fakeClock } from '../../support/fake-clock.ts';
import { localServer, type Answer } from '../aws/local-server.ts';
import { AUDIENCE, AWS_TYPE, failure, obtain } from './external-account-bed.ts';

const KEYS = { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'planted-key' };
const METADATA = 'http://169.254.169.254/latest';
const INSTANCE = {
  region_url: `${METADATA}/meta-data/placement/availability-zone`,
  url: `${METADATA}/meta-data/iam/security-credentials`,
  imdsv2_session_token_url: `${METADATA}/api/token`,
};
const DOCUMENT = { AccessKeyId: 'ASIAEXAMPLE', SecretAccessKey: 'planted-key', Token: 'planted' };

const Token = z.strictObject({
  url: z.string(),
  method: z.string(),
  headers: z.array(z.strictObject({ key: z.string(), value: z.string() })),
});

async function signed(env: Record<string, string>, source: object = {}) {
  const token = await obtain(
    { subject_token_type: AWS_TYPE, credential_source: { environment_id: 'aws1', ...source } },
    { env },
  );
  const { url, method, headers } = Token.parse(JSON.parse(decodeURIComponent(token)));
  return { url, method, headers: Object.fromEntries(headers.map((one) => [one.key, one.value])) };
}

describe('a signed request as the token', () => {
  it('is signed as AWS’s own library signs it', () => {
    // Values by botocore's SigV4Auth for the same request, key and instant.
    const headers = signedHeaders(
      new URL('https://sts.us-east-2.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15'),
      { 'x-goog-cloud-target-resource': AUDIENCE },
      {
        accessKeyId: 'AKIDEXAMPLE',
        secretAccessKey: secret('wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'),
        sessionToken: secret('session/token+of=aws'),
      },
      { region: 'us-east-2', service: 'sts', now: Date.parse('2026-11-02T09:00:00.123Z') },
    );
    expect(headers).toEqual({
      host: 'sts.us-east-2.amazonaws.com',
      'x-amz-date': '20261102T090000Z',
      'x-amz-security-token': 'session/token+of=aws',
      'x-goog-cloud-target-resource': AUDIENCE,
      authorization:
        'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261102/us-east-2/sts/aws4_request, SignedHeaders=host;x-amz-date;x-amz-security-token;x-goog-cloud-target-resource, Signature=6d5461a45e04a3011821995e2d2daddb7f39297af4950961b25c1698d08b0921',
    });
  });

  it('is of the daemon’s own keys, for its own region', async () => {
    const { url, method, headers } = await signed({ ...KEYS, AWS_REGION: 'eu-west-1' });
    expect(url).toBe(
      'https://sts.eu-west-1.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15',
    );
    expect(method).toBe('POST');
    expect(headers).toMatchObject({
      host: 'sts.eu-west-1.amazonaws.com',
      'x-goog-cloud-target-resource': AUDIENCE,
      'x-amz-date': '20261102T090000Z',
      authorization: expect.stringMatching(
        /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/20261102\/eu-west-1\/sts\/aws4_request, SignedHeaders=host;x-amz-date;x-goog-cloud-target-resource, Signature=[0-9a-f]{64}$/,
      ),
    });
    expect(JSON.stringify(headers)).not.toContain('planted');
  });

  it('brings the session token of temporary keys, signed too', async () => {
    const env = { ...KEYS, AWS_SESSION_TOKEN: 'session', AWS_DEFAULT_REGION: 'us-east-1' };
    const { headers } = await signed(env);
    expect(headers['x-amz-security-token']).toBe('session');
    expect(headers['authorization']).toContain('x-amz-security-token;');
  });

  it('AWS_REGION wins over AWS_DEFAULT_REGION, unless it is empty', async () => {
    const both = { ...KEYS, AWS_REGION: 'eu-west-1', AWS_DEFAULT_REGION: 'us-east-1' };
    expect((await signed(both)).url).toContain('eu-west-1');
    expect((await signed({ ...both, AWS_REGION: '' })).url).toContain('us-east-1');
  });

  it('goes to no host that a region could make of it', async () => {
    const error = await failure(signed({ ...KEYS, AWS_REGION: 'x.evil.example/' }));
    expect(error).toMatchObject({ code: 'UPSTREAM_MALFORMED', subject: 'AWS_REGION' });
  });
});

/** An instance metadata service in place of 169.254.169.254, which the daemon's variable points to. */
async function instance(more: (path: string) => Answer | 'usual' = () => 'usual') {
  const server = await localServer(({ line, headers }) => {
    const [method, path = ''] = line.split(' ');
    const special = more(path);
    if (special !== 'usual') return special;
    if (path === '/latest/api/token') {
      const seconds = headers['x-aws-ec2-metadata-token-ttl-seconds'];
      return method === 'PUT' && seconds === '300' ? { body: 'session' } : { status: 400 };
    }
    if (headers['x-aws-ec2-metadata-token'] !== 'session') return { status: 401 };
    if (path.endsWith('/availability-zone')) return { body: 'us-west-2-lax-1a' };
    if (path.endsWith('/security-credentials')) return { body: 'data-role\n' };
    if (path.endsWith('/security-credentials/data-role')) return { body: JSON.stringify(DOCUMENT) };
    return { status: 404 };
  });
  return { server, env: { AWS_EC2_METADATA_SERVICE_ENDPOINT: server.url } };
}

describe('an EC2 instance', () => {
  it('tells its region and its role’s keys in one session of IMDSv2', async () => {
    const { server, env } = await instance();
    const { url, headers } = await signed(env, INSTANCE);
    expect(url).toContain('sts.us-west-2.amazonaws.com');
    expect(headers['authorization']).toContain('Credential=ASIAEXAMPLE/');
    expect(headers['x-amz-security-token']).toBe('planted');
    expect(server.seen.map(({ line }) => line)).toEqual([
      'PUT /latest/api/token',
      'GET /latest/meta-data/placement/availability-zone',
      'GET /latest/meta-data/iam/security-credentials',
      'GET /latest/meta-data/iam/security-credentials/data-role',
    ]);
  });

  it('is asked in version 2 by an older configuration too', async () => {
    const { server, env } = await instance();
    await signed(env, { ...INSTANCE, imdsv2_session_token_url: undefined });
    expect(server.seen[0]?.line).toBe('PUT /latest/api/token');
  });

  it('is not asked for what the variables say', async () => {
    const { server, env } = await instance();
    await signed({ ...env, ...KEYS, AWS_REGION: 'eu-west-1' }, INSTANCE);
    expect(server.seen).toEqual([]);
  });

  it.each<[string, string, Answer, string]>([
    ['no session', '/api/token', { status: 403 }, 'UPSTREAM_DENIED'],
    ['no role', '/security-credentials', { status: 404 }, 'UPSTREAM_DENIED'],
    ['an empty role', '/security-credentials', { body: '' }, 'UPSTREAM_MALFORMED'],
    ['no zone', '/availability-zone', { body: 'planted' }, 'UPSTREAM_MALFORMED'],
    ['no JSON', '/data-role', { body: '{"planted' }, 'UPSTREAM_MALFORMED'],
    ['half a key', '/data-role', { body: '{"AccessKeyId":"planted"}' }, 'UPSTREAM_MALFORMED'],
    ['trouble', '/data-role', { status: 503 }, 'UPSTREAM_UNAVAILABLE'],
  ])('that has %s', async (_, end, answer, code) => {
    const { env } = await instance((path) => (path.endsWith(end) ? answer : 'usual'));
    const error = await failure(signed(env, INSTANCE));
    expect(error).toMatchObject({ code });
    expect(String(error)).not.toContain('planted');
  });

  it('that does not answer is given up after two seconds', async () => {
    const clock = fakeClock();
    const asked = Promise.withResolvers<void>();
    const { env } = await instance(() => {
      asked.resolve();
      return undefined;
    });
    const source = { environment_id: 'aws1', ...INSTANCE };
    const token = obtain(
      { subject_token_type: AWS_TYPE, credential_source: source },
      { env, clock },
    );
    const outcome = expect(token).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
    await asked.promise;
    await clock.advance(2_000);
    await outcome;
  });

  it('cannot be put elsewhere than on this machine', async () => {
    for (const url of ['http://10.0.0.1', 'https://127.0.0.1', 'nonsense']) {
      const env = { AWS_EC2_METADATA_SERVICE_ENDPOINT: url };
      const error = await failure(signed(env, INSTANCE));
      expect(error).toMatchObject({ code: 'CONFIG_INVALID' });
    }
  });

  it.each([
    ['keys', { AWS_REGION: 'eu-west-1' }, 'credential_source.url'],
    ['a region', KEYS, 'credential_source.region_url'],
  ])('is needed for %s when nothing says them', async (_, env, subject) => {
    const error = await failure(signed(env));
    expect(error).toMatchObject({ code: 'SECRET_MISSING', subject });
  });
});
