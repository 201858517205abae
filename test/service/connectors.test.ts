import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, onTestFinished, test } from 'vitest';

import { openInProcess } from '../../src/composition/in-process.ts';
import { ValetkeyError } from '../../src/core/errors.ts';
import { testCloud } from '../support/cloud.ts';
import { temporaryHome } from '../support/home.ts';

async function setup(config?: string) {
  const cloud = await testCloud();
  const home = await temporaryHome(config);
  const env = { ...cloud.env, VALETKEY_HOME: home, HOME: home };
  const { api, stop } = await openInProcess({
    env,
    version: 'test',
    clock: cloud.clock,
    ephemeral: true,
  });
  onTestFinished(stop);
  const files = () => readdir(join(home, 'connectors')).catch(() => []);
  const register = (name: string, more: object = {}) =>
    api.register({
      name,
      type: 'aws',
      auth_method: 'iam-role',
      attributes: cloud.roleAttributes,
      ...more,
    });
  return { cloud, home, api, files, register };
}

async function failure(work: Promise<unknown>): Promise<ValetkeyError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof ValetkeyError) return error;
    throw error;
  }
  throw new Error('it did not fail');
}

describe('register', () => {
  test('verifies against the cloud, keeps the secret out of the file', async () => {
    const { cloud, home, register } = await setup();
    const { connector, verified } = await register('aws-dev', { labels: { team: 'ml' } });
    expect(connector.secretFields).toEqual(['aws_access_key_id', 'aws_secret_access_key']);
    expect(verified?.accountId).toBe('111122223333');
    expect(verified?.resources.map(({ resourceType }) => resourceType)).toContain('s3-bucket');
    const text = await readFile(join(home, 'connectors/aws-dev.yaml'), 'utf8');
    expect(text).toContain('role_arn');
    expect(text).not.toContain(cloud.keyAttributes['aws_secret_access_key']);
    expect(text).not.toContain(cloud.keyAttributes['aws_access_key_id']);
  });

  const bad: readonly [string, object, string, string][] = [
    ['an unknown type', { type: 'awz' }, 'INPUT_INVALID', 'type'],
    ['an unknown method', { auth_method: 'magic' }, 'INPUT_INVALID', 'auth_method'],
    ['an unknown resource type', { resource_type: 's3' }, 'INPUT_INVALID', 'resource_type'],
    ['an unknown field', { attributes: { rolearn: 'x' } }, 'INPUT_INVALID', 'rolearn'],
    [
      'a malformed ARN',
      { attributes: { role_arn: 'arn:aws:iam::12:role' } },
      'INPUT_INVALID',
      'role_arn',
    ],
    [
      'a malformed key id',
      { attributes: { aws_access_key_id: 'no spaces' } },
      'INPUT_INVALID',
      'aws_access_key_id',
    ],
    ['a malformed policy', { attributes: { policy: '{' } }, 'INPUT_INVALID', 'policy'],
    ['a malformed date', { expires_at: 'tomorrow' }, 'INPUT_INVALID', 'expires_at'],
    ['a date in the past', { expires_at: '2020-01-01 00:00:00' }, 'INPUT_INVALID', 'expires_at'],
    [
      'a lifetime above the method’s',
      { expiration_seconds: 50_000 },
      'INPUT_INVALID',
      'expiration_seconds',
    ],
    [
      'a lifetime too short to renew',
      { expiration_seconds: 900 },
      'LIFETIME_TOO_SHORT',
      'expiration_seconds',
    ],
    [
      'a bucket of another partition',
      { resource_type: 's3-bucket', resource_id: 'arn:aws-cn:s3:::zenfiles' },
      'INPUT_INVALID',
      'resource_id',
    ],
    ['an odd name', { name: '../x' }, 'INPUT_INVALID', 'name'],
    [
      'a missing secret',
      { attributes: { aws_secret_access_key: undefined } },
      'INPUT_INVALID',
      'aws_secret_access_key',
    ],
  ];
  test.each(bad)('%s: refused by name, nothing stored', async (_name, more, code, subject) => {
    const { cloud, api, files } = await setup();
    const given = more as { attributes?: object };
    const attributes = Object.fromEntries(
      Object.entries({ ...cloud.roleAttributes, ...given.attributes }).filter(
        ([, v]) => v !== undefined,
      ),
    );
    const error = await failure(
      api.register({ name: 'x', type: 'aws', auth_method: 'iam-role', ...more, attributes }),
    );
    expect([error.code, error.subject]).toEqual([code, subject]);
    expect(error.message).not.toContain(cloud.keyAttributes['aws_secret_access_key']);
    expect(await files()).toEqual([]);
  });

  test('a wrong secret: names the connector and the cloud’s code, never the key', async () => {
    const { cloud, register, files } = await setup();
    const wrong = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYWRONGSECRET';
    const error = await failure(
      register('aws-dev', {
        attributes: { ...cloud.roleAttributes, aws_secret_access_key: wrong },
      }),
    );
    expect([error.code, error.subject, error.upstreamCode]).toEqual([
      'UPSTREAM_BAD_CREDENTIAL',
      'aws-dev',
      'SignatureDoesNotMatch',
    ]);
    expect(error.message).not.toContain(wrong);
    expect(await files()).toEqual([]);
  });

  test('a name is taken once, also by a file that cannot be read', async () => {
    const { home, register } = await setup();
    await register('aws-dev');
    expect((await failure(register('aws-dev'))).code).toBe('NAME_TAKEN');
    await writeFile(join(home, 'connectors/broken.yaml'), 'name: [');
    expect((await failure(register('broken'))).code).toBe('NAME_TAKEN');
  });

  test('a method that cannot narrow: says so, offers the one that can, refuses a single bucket', async () => {
    const { cloud, api, register } = await setup();
    const method = { auth_method: 'session-token', attributes: cloud.keyAttributes };
    const { warnings } = await register('keys', method);
    expect(warnings.join()).toMatch(/federation-token|iam-role/);
    const single = { ...method, resource_type: 's3-bucket', resource_id: 's3://zenfiles' };
    expect((await failure(register('one', single))).code).toBe('SCOPE_UNSUPPORTED');
    const denied = api.describeClient({ name: 'keys', resource_id: 's3://zenfiles' });
    expect((await failure(denied)).code).toBe('SCOPE_UNSUPPORTED');
    await register('accepted', { ...single, allow_unscoped: true });
    const view = await api.describeClient({ name: 'accepted' });
    expect(view.narrowed).toBe(false);
  });
});

describe('invariant 1: a long-lived secret never leaves', () => {
  test.each(['secret-key', 'session-token', 'federation-token', 'iam-role'])(
    '%s',
    async (method) => {
      const { cloud, api, register } = await setup();
      await register('aws-dev', {
        auth_method: method,
        attributes: method === 'iam-role' ? cloud.roleAttributes : cloud.keyAttributes,
        ...(method === 'federation-token' ? { resource_type: 's3-bucket' } : {}),
      });
      const seen = JSON.stringify([
        await api.describeConnector({ name: 'aws-dev' }),
        await api.describeClient({ name: 'aws-dev' }),
        await api.status({}),
        await api.issue({
          request: {
            connector: 'aws-dev',
            resources: [
              { type: method === 'federation-token' ? 's3-bucket' : 'aws-generic', access: 'full' },
            ],
          },
          evidence: { workload: 'w', by: 'control', endpoint: 'test' },
        }),
      ]);
      expect(seen).toContain('ASIA');
      expect(seen).not.toContain(cloud.keyAttributes['aws_secret_access_key']);
      expect(seen).not.toContain(cloud.keyAttributes['aws_access_key_id']);
    },
  );
});

describe('verbs', () => {
  test('list-resources pages through every bucket', async () => {
    const { cloud, api, register } = await setup();
    for (let i = 0; i < 2_500; i += 1) cloud.aws.buckets.add(`bucket-${i}`);
    await register('aws-dev', { verify: false });
    const [row] = await api.listResources({ name: 'aws-dev', resource_type: 's3-bucket' });
    expect(row?.resourceIds).toHaveLength(2_502);
    expect(row?.resourceIds).toContain('s3://zenfiles');
  });

  test('verify proves access to the named resource, not only that the key is genuine', async () => {
    const { api, register } = await setup();
    await register('aws-dev', { verify: false });
    expect(
      (await api.verify({ name: 'aws-dev', resource_id: 's3://zenfiles' })).resources,
    ).toHaveLength(1);
    expect(
      (await failure(api.verify({ name: 'aws-dev', resource_id: 's3://nobodys' }))).code,
    ).toMatch(/^UPSTREAM_/);
  });

  test('update keeps what was not given, replaces the secret, keeps the id; comments stay', async () => {
    const { cloud, home, api, register } = await setup();
    const { connector } = await register('aws-dev', { labels: { a: '1', b: '2' } });
    const file = join(home, 'connectors/aws-dev.yaml');
    await writeFile(file, `# who to ask: ada\n${await readFile(file, 'utf8')}`);
    const next = cloud.addKey();
    const updated = await api.update({
      name: 'aws-dev',
      labels: { a: '9' },
      remove_labels: ['b'],
      attributes: {
        aws_access_key_id: next.accessKeyId,
        aws_secret_access_key: next.secretAccessKey,
      },
    });
    expect(updated.connector.id).toBe(connector.id);
    expect(updated.connector.labels).toEqual({ a: '9' });
    expect(updated.connector.configuration).toEqual(connector.configuration);
    expect(await readFile(file, 'utf8')).toContain('# who to ask: ada');
    cloud.aws.accounts.deleteKey(cloud.keyAttributes['aws_access_key_id'] ?? '');
    await api.verify({ name: 'aws-dev' });
  });

  test('a label is no reason to drop what clients live on; a changed role is', async () => {
    const { cloud, api, register } = await setup();
    await register('aws-dev');
    const id = async () => (await api.describeClient({ name: 'aws-dev' })).credentialId;
    const first = await id();
    await api.update({ name: 'aws-dev', labels: { team: 'ml' }, description: 'x', verify: false });
    await api.verify({ name: 'aws-dev' });
    expect(await id()).toBe(first);
    await api.update({ name: 'aws-dev', attributes: { role_session_name: 'other' } });
    expect(await id()).not.toBe(first);
    expect(cloud.aws.calls.count('sts:AssumeRole')).toBeGreaterThan(1);
  });

  test('each exec process that gets a credential leaves its own audit record', async () => {
    const { home, api, register } = await setup();
    await register('aws-dev');
    for (const pid of [101, 102, 102]) {
      await api.issue({
        request: { connector: 'aws-dev', resources: [{ type: 'aws-generic', access: 'full' }] },
        evidence: { workload: 'exec', by: 'control', endpoint: 'exec', pid },
      });
      // Written before it is handed out: no waiting here.
      expect(await readFile(join(home, 'audit.jsonl'), 'utf8')).toContain(`"pid":${pid}`);
    }
    expect((await readFile(join(home, 'audit.jsonl'), 'utf8')).trim().split('\n')).toHaveLength(2);
  });

  test('a wrong update changes nothing', async () => {
    const { api, register } = await setup();
    await register('aws-dev');
    const before = await api.describeConnector({ name: 'aws-dev' });
    const error = await failure(api.update({ name: 'aws-dev', attributes: { role_arn: 'x' } }));
    expect([error.code, error.subject]).toEqual(['INPUT_INVALID', 'role_arn']);
    await failure(
      api.update({
        name: 'aws-dev',
        attributes: { role_arn: 'arn:aws:iam::111122223333:role/none' },
      }),
    );
    expect(await api.describeConnector({ name: 'aws-dev' })).toEqual(before);
  });

  test('rename: the new name works, the old one is free', async () => {
    const { api, register } = await setup();
    await register('old');
    await api.update({ name: 'old', new_name: 'new' });
    await api.verify({ name: 'new' });
    expect((await failure(api.describeConnector({ name: 'old' }))).code).toBe(
      'CONNECTOR_NOT_FOUND',
    );
    await register('old');
  });

  test('delete takes the secret along; a granted connector stays', async () => {
    const { api, register } = await setup('workloads:\n  w:\n    grants: [{ connector: used }]\n');
    await register('used');
    expect((await failure(api.remove({ name: 'used' }))).code).toBe('IN_USE');
    await register('free');
    await api.remove({ name: 'free' });
    expect((await failure(api.remove({ name: 'free' }))).code).toBe('CONNECTOR_NOT_FOUND');
  });

  test('a broken file is a row of its own and harms no other', async () => {
    const { home, api, register } = await setup();
    await register('good');
    await writeFile(join(home, 'connectors/bad.yaml'), 'name: bad\ntype: aws\nsurprise: 1\n');
    const rows = await api.listConnectors({});
    expect(rows.map(({ name, error }) => [name, error?.code])).toEqual([
      ['bad', 'CATALOG_CORRUPT'],
      ['good', undefined],
    ]);
    await api.verify({ name: 'good' });
  });

  test.each([
    ['an auth method that is none', (text: string) => text.replace('iam-role', 'iam-roll')],
    ['a value that is not valid', (text: string) => text.replace(/role_arn: .*/, 'role_arn: x')],
  ])('a file edited to hold %s is told as such, by the connector’s name', async (_what, edit) => {
    const { home, api, register } = await setup();
    await register('good');
    await register('bad');
    const file = join(home, 'connectors/bad.yaml');
    await writeFile(file, edit(await readFile(file, 'utf8')));
    const rows = await api.listConnectors({});
    expect(rows.map(({ name, error }) => [name, error?.code])).toEqual([
      ['bad', 'CATALOG_CORRUPT'],
      ['good', undefined],
    ]);
    for (const verb of [api.verify, api.describeClient, api.loginStart]) {
      const error = await failure(verb({ name: 'bad' }));
      expect([error.code, error.subject]).toEqual(['CATALOG_CORRUPT', 'bad']);
    }
    await api.verify({ name: 'good' });
  });

  test('MFA: refused until login, then good until the session ends', async () => {
    const { cloud, api, register } = await setup();
    await register('mfa', {
      attributes: { ...cloud.roleAttributes, mfa_serial: cloud.mfaSerial },
      verify: false,
    });
    expect((await failure(api.describeClient({ name: 'mfa' }))).code).toBe('LOGIN_REQUIRED');
    const { flow, prompt } = await api.loginStart({ name: 'mfa' });
    expect(prompt?.kind).toBe('code');
    await api.loginFinish({ flow: flow ?? '', code: cloud.mfaCode() });
    expect((await api.describeClient({ name: 'mfa' })).credentialId).toMatch(/^ASIA/);
    await cloud.clock.advance(37 * 3_600_000);
    expect((await failure(api.describeClient({ name: 'mfa' }))).code).toBe('LOGIN_REQUIRED');
  });

  test('implicit is off unless the configuration allows the account', async () => {
    const { register } = await setup();
    const error = await failure(
      register('here', { auth_method: 'implicit', attributes: { region: 'eu-west-1' } }),
    );
    expect(error.code).toBe('IMPLICIT_FORBIDDEN');
  });
});
