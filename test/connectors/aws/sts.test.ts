import { createServer } from 'node:http';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';

import type { AwsKeys } from '../../../src/connectors/aws/cloud.ts';
import type { Fault } from '../../../src/stand-ins/aws/faults.ts';
import type { UserWithKey } from '../../../src/stand-ins/aws/accounts.ts';
import { secret } from '../../../src/core/secret.ts';
import {
  allow,
  cloudOf,
  keysOfUser,
  never,
  policyOf,
  portOf,
  startBed,
  trust,
  type Bed,
} from './aws-bed.ts';

const REGION = { region: 'eu-west-1' };

let bed: Bed;
let user: UserWithKey;
let keys: AwsKeys;
let roleArn: string;

beforeAll(async () => {
  bed = await startBed();
  user = bed.aws.accounts.addUser({ name: 'svc', policies: [policyOf(allow('sts:*'))] });
  keys = keysOfUser(user);
  roleArn = bed.aws.accounts.putRole({
    name: 'reader',
    path: '/team/',
    trust: trust(user.arn),
    policies: [policyOf(allow('s3:*'))],
  }).arn;
});

afterEach(() => {
  bed.aws.faults.clear();
  bed.aws.calls.reset();
  vi.unstubAllEnvs();
});

const assume = (seconds = 3600, signal = never()) =>
  bed.cloud.sts.assumeRole(keys, { roleArn, sessionName: 'valetkey-dev', seconds }, REGION, signal);

describe('sessions', () => {
  it('of a role: true expiry, account, principal and role', async () => {
    const session = await assume(900);
    expect(session).toMatchObject({
      kind: 'aws-session',
      accountId: '111122223333',
      principalArn: 'arn:aws:sts::111122223333:assumed-role/reader/valetkey-dev',
      roleArn,
      issuedAt: bed.clock.now(),
      expiresAt: bed.clock.now() + 900_000,
    });
  });

  it('of a user: whose it is, asked once per key', async () => {
    const ask = () => bed.cloud.sts.getSessionToken(keys, { seconds: 1800 }, REGION, never());
    const sessions = [await ask(), await ask()];
    for (const session of sessions) {
      expect(session).toMatchObject({
        accountId: '111122223333',
        principalArn: user.arn,
        expiresAt: bed.clock.now() + 1_800_000,
      });
    }
    expect(bed.aws.calls.all()).toEqual({ 'sts:GetSessionToken': 2, 'sts:GetCallerIdentity': 1 });
  });

  it('of a federated user', async () => {
    const policy = { inline: JSON.stringify(policyOf(allow('s3:*'))) };
    const input = {
      name: 'valetkey-dev',
      seconds: 900,
      policy,
      tags: [{ key: 'team', value: 'a b' }],
    };
    expect(await bed.cloud.sts.getFederationToken(keys, input, REGION, never())).toMatchObject({
      accountId: '111122223333',
      principalArn: 'arn:aws:sts::111122223333:federated-user/valetkey-dev',
      expiresAt: bed.clock.now() + 900_000,
    });
    expect(bed.aws.accounts.sessions().at(-1)?.parameters).toMatchObject({
      'Tags.member.1.Key': 'team',
      'Tags.member.1.Value': 'a b',
    });
  });

  it('managed session policies are sent as objects', async () => {
    const arn = bed.aws.accounts.putManagedPolicy('narrow', policyOf(allow('s3:GetObject')));
    const input = {
      roleArn,
      sessionName: 'valetkey-dev',
      seconds: 900,
      policy: { managedArns: [arn] },
    };
    await bed.cloud.sts.assumeRole(keys, input, REGION, never());
    expect(bed.aws.accounts.sessions().at(-1)?.parameters).toMatchObject({
      'PolicyArns.member.1.arn': arn,
    });
  });
});

describe('where it asks', () => {
  it('nowhere else, whatever the process’s own variables say', async () => {
    vi.stubEnv('AWS_ENDPOINT_URL', 'http://127.0.0.1:1');
    vi.stubEnv('AWS_ENDPOINT_URL_STS', 'http://127.0.0.1:1');
    vi.stubEnv('AWS_REGION', 'mars-north-1');
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIAXXXXXXXXXXXXXXXX');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'not-this-one-please');
    vi.stubEnv('AWS_CONFIG_FILE', import.meta.filename);
    vi.stubEnv('AWS_PROFILE', 'nobody');
    vi.stubEnv('HTTPS_PROXY', 'http://127.0.0.1:1');
    vi.stubEnv('HTTP_PROXY', 'http://127.0.0.1:1');
    vi.stubEnv('AWS_USE_FIPS_ENDPOINT', 'true');
    vi.stubEnv('AWS_MAX_ATTEMPTS', '9');
    expect((await cloudOf(bed.machine).sts.getCallerIdentity(keys, REGION, never())).arn).toBe(
      user.arn,
    );
  });

  it('a connector’s endpoint wins over AWS_ENDPOINT_URL_STS, that over AWS_ENDPOINT_URL', async () => {
    const dead = 'http://127.0.0.1:1';
    const env = { AWS_ENDPOINT_URL: dead, AWS_ENDPOINT_URL_STS: bed.aws.url };
    const cloud = cloudOf({ ...bed.machine, env });
    expect((await cloud.sts.getCallerIdentity(keys, REGION, never())).arn).toBe(user.arn);
    const place = { ...REGION, endpoint: dead };
    await expect(cloud.sts.getCallerIdentity(keys, place, never())).rejects.toMatchObject({
      code: 'UPSTREAM_UNAVAILABLE',
      upstreamCode: 'ECONNREFUSED',
    });
  });

  it('through the proxy of the machine’s variables, unless NO_PROXY names the host', async () => {
    const asked: string[] = [];
    const proxy = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.writeHead(503).end();
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => proxy.once('listening', resolve));
    const HTTP_PROXY = `http://127.0.0.1:${portOf(proxy)}`;
    try {
      const through = cloudOf({ ...bed.machine, env: { ...bed.machine.env, HTTP_PROXY } });
      await expect(through.sts.getCallerIdentity(keys, REGION, never())).rejects.toMatchObject({
        code: 'UPSTREAM_UNAVAILABLE',
      });
      expect(asked).toEqual([`${bed.aws.url}/`]);
      const env = { ...bed.machine.env, HTTP_PROXY, NO_PROXY: '127.0.0.1' };
      const direct = cloudOf({ ...bed.machine, env });
      expect((await direct.sts.getCallerIdentity(keys, REGION, never())).arn).toBe(user.arn);
      expect(asked).toHaveLength(1);
    } finally {
      proxy.closeAllConnections();
      proxy.close();
    }
  });

  it('an unreadable AWS_CA_BUNDLE is told', async () => {
    const env = { ...bed.machine.env, AWS_CA_BUNDLE: '/nowhere/ca.pem' };
    const cloud = cloudOf({ ...bed.machine, env });
    await expect(cloud.sts.getCallerIdentity(keys, REGION, never())).rejects.toMatchObject({
      code: 'CONFIG_UNREADABLE',
      subject: 'AWS_CA_BUNDLE',
    });
  });
});

const error = (code: string, status: number): Fault => ({ kind: 'error', code, status });

describe('failures', () => {
  it.each([
    ['AccessDenied', error('AccessDenied', 403), 'UPSTREAM_DENIED'],
    ['ValidationError', error('ValidationError', 400), 'UPSTREAM_INVALID'],
    ['MalformedPolicyDocument', error('MalformedPolicyDocument', 400), 'UPSTREAM_INVALID'],
    ['PackedPolicyTooLarge', error('PackedPolicyTooLarge', 400), 'UPSTREAM_INVALID'],
    ['ExpiredToken', error('ExpiredToken', 403), 'CREDENTIAL_EXPIRED'],
    ['ExpiredTokenException', error('ExpiredTokenException', 400), 'CREDENTIAL_EXPIRED'],
    ['InvalidIdentityToken', error('InvalidIdentityToken', 400), 'UPSTREAM_BAD_CREDENTIAL'],
    ['IDPRejectedClaim', error('IDPRejectedClaim', 403), 'UPSTREAM_DENIED'],
    ['IDPCommunicationError', error('IDPCommunicationError', 400), 'UPSTREAM_UNAVAILABLE'],
    ['InvalidClientTokenId', error('InvalidClientTokenId', 403), 'UPSTREAM_BAD_CREDENTIAL'],
    [
      'UnrecognizedClientException',
      error('UnrecognizedClientException', 403),
      'UPSTREAM_BAD_CREDENTIAL',
    ],
    ['SignatureDoesNotMatch', error('SignatureDoesNotMatch', 403), 'UPSTREAM_BAD_CREDENTIAL'],
    ['IncompleteSignature', error('IncompleteSignature', 400), 'UPSTREAM_BAD_CREDENTIAL'],
    ['RequestExpired', error('RequestExpired', 400), 'UPSTREAM_CLOCK_SKEW'],
    ['RegionDisabledException', error('RegionDisabledException', 403), 'UPSTREAM_INVALID'],
    ['Throttling', { kind: 'throttle' }, 'UPSTREAM_THROTTLED'],
    ['RequestLimitExceeded', error('RequestLimitExceeded', 503), 'UPSTREAM_THROTTLED'],
    ['InternalFailure', error('InternalFailure', 500), 'UPSTREAM_UNAVAILABLE'],
    ['ServiceUnavailable', error('ServiceUnavailable', 503), 'UPSTREAM_UNAVAILABLE'],
    ['NewFancyError', error('NewFancyError', 403), 'UPSTREAM_DENIED'],
    ['OtherFancyError', error('OtherFancyError', 400), 'UPSTREAM_INVALID'],
  ] as const)('%s', async (upstreamCode, fault, code) => {
    bed.aws.faults.add('sts:AssumeRole', fault);
    await expect(assume()).rejects.toMatchObject({ code, upstreamCode });
    expect(bed.aws.calls.count('sts:AssumeRole')).toBe(1);
  });

  it('an answer that is no STS at all', async () => {
    bed.aws.faults.add('*', { kind: 'garbage' });
    await expect(assume()).rejects.toMatchObject({ code: 'UPSTREAM_MALFORMED' });
  });

  it('an answer without end is not collected', async () => {
    const server = createServer((_, response) => {
      response.writeHead(200, { 'content-type': 'text/xml' });
      const flood = () => {
        while (response.write(' '.repeat(65_536)));
      };
      response.on('drain', flood);
      flood();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const place = { ...REGION, endpoint: `http://127.0.0.1:${portOf(server)}` };
      await expect(bed.cloud.sts.getCallerIdentity(keys, place, never())).rejects.toMatchObject({
        code: 'UPSTREAM_MALFORMED',
        message: expect.stringMatching(/too long$/),
      });
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it('a region of the variables that is none is told, and no host is made of it', async () => {
    for (const region of ['evil.example/#', 'eu-west-1.evil.example', '../x', 'a@b']) {
      const { sts } = cloudOf({ ...bed.machine, env: { ...bed.machine.env, AWS_REGION: region } });
      await expect(sts.getCallerIdentity(keys, {}, never())).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
        subject: 'region',
      });
    }
    expect(bed.aws.calls.all()).toEqual({});
  });

  it.each([
    ['AWS_ENDPOINT_URL', { AWS_ENDPOINT_URL: 'sts.example' }],
    ['AWS_ENDPOINT_URL_STS', { AWS_ENDPOINT_URL_STS: 'file:///etc/passwd' }],
    ['AWS_ENDPOINT_URL_STS', { AWS_ENDPOINT_URL_STS: 'ftp://sts.example' }],
  ])('%s that is no URL of the web is named: %j', async (subject, more) => {
    const { sts } = cloudOf({ ...bed.machine, env: more });
    await expect(sts.getCallerIdentity(keys, REGION, never())).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      subject,
    });
  });

  it('a connection that is cut, or refused', async () => {
    bed.aws.faults.add('*', { kind: 'reset' });
    await expect(assume()).rejects.toMatchObject({
      code: 'UPSTREAM_UNAVAILABLE',
      upstreamCode: 'ECONNRESET',
    });
    await bed.aws.faults.down();
    try {
      await expect(assume()).rejects.toMatchObject({
        code: 'UPSTREAM_UNAVAILABLE',
        upstreamCode: 'ECONNREFUSED',
      });
    } finally {
      await bed.aws.faults.up();
    }
  });

  it('AWS’s own refusals: wrong secret, unknown key, too long a life', async () => {
    const wrong = { ...keys, secretAccessKey: secret('wrong-wrong-wrong-wrong') };
    await expect(bed.cloud.sts.getCallerIdentity(wrong, REGION, never())).rejects.toMatchObject({
      code: 'UPSTREAM_BAD_CREDENTIAL',
      upstreamCode: 'SignatureDoesNotMatch',
    });
    const unknown = { ...keys, accessKeyId: 'AKIAXXXXXXXXXXXXXXXX' };
    await expect(bed.cloud.sts.getCallerIdentity(unknown, REGION, never())).rejects.toMatchObject({
      code: 'UPSTREAM_BAD_CREDENTIAL',
      upstreamCode: 'InvalidClientTokenId',
    });
    await expect(assume(43_200)).rejects.toMatchObject({
      code: 'UPSTREAM_INVALID',
      upstreamCode: 'ValidationError',
    });
  });

  it.each([20, -20])('a clock %i minutes off is named, also the second time', async (minutes) => {
    bed.aws.faults.add('*', { kind: 'clock-skew', milliseconds: minutes * 60_000 });
    for (let attempt = 0; attempt < 2; attempt += 1) {
      // oxlint-disable-next-line no-await-in-loop -- the second call comes after the first
      await expect(assume()).rejects.toMatchObject({ code: 'UPSTREAM_CLOCK_SKEW' });
    }
    bed.aws.faults.clear();
    expect((await assume()).expiresAt).toBe(bed.clock.now() + 3_600_000);
  });

  it('never repeats key material', async () => {
    bed.aws.faults.add('*', { kind: 'garbage' });
    const thrown: unknown = await assume().catch((error_: unknown) => error_);
    expect(`${String(thrown)} ${JSON.stringify(thrown)}`).not.toContain(user.secretAccessKey);
  });
});

describe('an aborted call', () => {
  it('stops at once, with the signal’s own reason', async () => {
    bed.aws.faults.add('*', { kind: 'hang' });
    const stop = new AbortController();
    const reason = new Error('enough');
    const running = assume(3600, stop.signal);
    await vi.waitFor(() => expect(bed.aws.calls.count('sts:AssumeRole')).toBe(1));
    stop.abort(reason);
    await expect(running).rejects.toBe(reason);
  });

  it('asks nobody when it was aborted before', async () => {
    await expect(assume(3600, AbortSignal.abort(new Error('early')))).rejects.toThrow('early');
    expect(bed.aws.calls.all()).toEqual({});
  });
});
