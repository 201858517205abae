import { beforeAll, beforeEach, describe, expect, it } from 'vitest';

import type { Proposal } from '../../../src/connectors/contract.ts';
import { BUCKET, findOn, plain, useOn, type Ask } from './auto-bed.ts';
import { allow, policyOf } from './aws-bed.ts';
import type { AwsHome, HomeMachine } from './aws-home.ts';
import { ACCOUNT, startSourceBed, type SourceBed } from './source-bed.ts';

let bed: SourceBed;

beforeAll(async () => {
  bed = await startSourceBed();
});

beforeEach(() => bed.aws.calls.reset());

const find = (home: AwsHome | HomeMachine, ask?: Ask) => findOn(bed, home, ask);
const useIt = (proposal: Proposal, home?: AwsHome | HomeMachine, scope?: boolean) =>
  useOn(bed, proposal, home, scope);

/** A user’s own keys in the default profile. */
const keysHome = (): AwsHome => ({ credentials: `[default]\n${bed.keysText}` });

/** Two roles, one after the other, from the keys of a third profile. */
const chain = (): AwsHome => ({
  config: `[profile b]\nrole_arn = ${bed.data}\nsource_profile = a\nregion = eu-west-3\n[profile a]\nrole_arn = ${bed.first}\nsource_profile = dev\nexternal_id = ext-1\nrole_session_name = ann\n`,
  credentials: `[dev]\n${bed.keysText}`,
  env: { AWS_PROFILE: 'b', AWS_REGION: '' },
});

describe('a user’s own keys', () => {
  it('become sessions', async () => {
    const proposal = await find(keysHome());
    expect(proposal).toMatchObject({
      method: 'session-token',
      config: { region: 'eu-west-1' },
      origin: 'profile default in ~/.aws/credentials',
    });
    expect(proposal.expiresAt).toBeUndefined();
    expect(plain(proposal)).toEqual({
      aws_access_key_id: bed.user.accessKeyId,
      aws_secret_access_key: bed.user.secretAccessKey,
    });
    expect(JSON.stringify(proposal)).not.toContain(bed.user.secretAccessKey);
    await useIt(proposal);
  });

  it('become federated sessions when a bucket is wanted', async () => {
    const proposal = await find(keysHome(), { resource: BUCKET });
    expect(proposal.method).toBe('federation-token');
    expect(await bed.reach(await useIt(proposal, {}, true))).toEqual(['zenfiles']);
  });

  it('become plain sessions when the user may not federate, and the notes say so', async () => {
    const user = bed.aws.accounts.addUser({
      name: 'small',
      policies: [policyOf(allow(['s3:*']))],
    });
    const credentials = `[default]\naws_access_key_id = ${user.accessKeyId}\naws_secret_access_key = ${user.secretAccessKey}\n`;
    const proposal = await find({ credentials }, { resource: BUCKET });
    expect(proposal.method).toBe('session-token');
    expect(proposal.notes.join(' ')).toContain('--allow-unscoped');
  });

  it('assume the role that is given', async () => {
    const proposal = await find(keysHome(), { given: { role_arn: bed.data, region: 'eu-west-2' } });
    expect(proposal).toMatchObject({
      method: 'iam-role',
      config: { role_arn: bed.data, region: 'eu-west-2' },
    });
    expect(await useIt(proposal)).toMatchObject({ roleArn: bed.data });
  });

  it.each(['secret-key', 'session-token', 'federation-token'])(
    'stay %s when asked',
    async (method) => {
      const proposal = await find(keysHome(), { method });
      expect(proposal.method).toBe(method);
      await useIt(proposal, {}, method === 'federation-token');
    },
  );

  it('become one stored session of twelve hours when sts-token is asked', async () => {
    const proposal = await find(keysHome(), { method: 'sts-token' });
    expect(proposal.expiresAt).toBe(bed.clock.now() + 43_200_000);
    expect(plain(proposal)['aws_secret_access_key']).not.toBe(bed.user.secretAccessKey);
    expect(proposal.notes.join(' ')).toContain('not be renewed');
    await useIt(proposal);
  });

  it('stay in the profile when that is asked', async () => {
    const proposal = await find(keysHome(), { method: 'profile' });
    expect(proposal).toMatchObject({ config: { profile: 'default' }, secret: {} });
    await useIt(proposal, keysHome());
  });

  it('of a named profile', async () => {
    const credentials = `[dev]\n${bed.keysText}`;
    const proposal = await find({ credentials }, { given: { profile: 'dev' } });
    expect(proposal).toMatchObject({ method: 'session-token', config: { region: 'eu-west-1' } });
  });

  it.each([
    ['iam-role without a role', { method: 'iam-role' }, 'role_arn'],
    ['sso', { method: 'sso' }, 'auth_method'],
    ['web-identity', { method: 'web-identity' }, 'auth_method'],
    ['a method there is not', { method: 'saml' }, 'auth_method'],
    ['a field there is not', { given: { colour: 'red' } }, 'colour'],
    ['a bad region', { given: { region: 'Europe' } }, 'region'],
    [
      'session-token with a role',
      { method: 'session-token', given: { role_arn: 'x' } },
      'role_arn',
    ],
  ])('are refused for %s', async (_, ask, subject) => {
    await expect(find(keysHome(), ask)).rejects.toMatchObject({ code: 'INPUT_INVALID', subject });
  });

  it('without a region are refused, naming the field', async () => {
    const env = { AWS_REGION: '' };
    await expect(find({ ...keysHome(), env })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      subject: 'region',
    });
    const region = '[default]\nregion = eu-west-3\n';
    expect((await find({ ...keysHome(), env, config: region })).config).toEqual({
      region: 'eu-west-3',
    });
  });

  it('that AWS does not know are not proposed', async () => {
    const credentials = `[default]\naws_access_key_id = AKIAUNKNOWN000000000\naws_secret_access_key = ${bed.user.secretAccessKey}\n`;
    await expect(find({ credentials })).rejects.toMatchObject({
      code: 'UPSTREAM_BAD_CREDENTIAL',
      subject: 'profile default in ~/.aws/credentials',
    });
  });
});

describe('a role profile', () => {
  it('holds the source’s keys and assumes the whole chain', async () => {
    const proposal = await find(chain());
    expect(proposal).toMatchObject({
      method: 'iam-role',
      config: {
        region: 'eu-west-3',
        role_arn: bed.first,
        external_id: 'ext-1',
        role_session_name: 'ann',
        role_chain: [{ role_arn: bed.data }],
      },
    });
    expect(plain(proposal)['aws_access_key_id']).toBe(bed.user.accessKeyId);
    expect(await bed.reach(await useIt(proposal, {}, true))).toEqual(['zenfiles']);
  });

  it('puts a given role at the end, with its own external id', async () => {
    const last = bed.aws.accounts.putRole({
      name: 'last',
      trust: {
        Version: '2012-10-17',
        Statement: {
          Effect: 'Allow',
          Principal: { AWS: bed.data },
          Action: 'sts:AssumeRole',
          Condition: { StringEquals: { 'sts:ExternalId': 'mine' } },
        },
      },
    });
    const given = { role_arn: last.arn, external_id: 'mine' };
    const { config } = await find(chain(), { given });
    expect(config).toMatchObject({
      role_arn: bed.first,
      external_id: 'ext-1',
      role_chain: [{ role_arn: bed.data }, { role_arn: last.arn, external_id: 'mine' }],
    });
  });

  it('that asks for MFA is proposed with its device and a login', async () => {
    const { env, credentials } = chain();
    const config = `[profile b]\nrole_arn = ${bed.data}\nsource_profile = dev\nregion = eu-west-3\nmfa_serial = ${bed.user.mfaSerial}\n`;
    const proposal = await find({ env: env ?? {}, credentials, config });
    expect(proposal).toMatchObject({
      method: 'iam-role',
      config: { mfa_serial: bed.user.mfaSerial, role_arn: bed.data },
    });
    expect(proposal.notes.join(' ')).toContain('valetkey connector login');
  });

  it('whose role may not be assumed is not proposed', async () => {
    const config = `[default]\nrole_arn = arn:aws:iam::${ACCOUNT}:role/gone\nsource_profile = dev\n`;
    await expect(find({ config, credentials: `[dev]\n${bed.keysText}` })).rejects.toMatchObject({
      code: 'UPSTREAM_DENIED',
      subject: 'profile default in ~/.aws/config',
    });
  });
});
