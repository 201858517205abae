import { beforeEach, describe, expect, it } from 'vitest';

import { CLOUD_PLATFORM } from '../../../src/connectors/gcp/scopes.ts';
import type { JsonObject } from '../../../src/stand-ins/google/json.ts';
import { PROJECT } from '../../support/google.ts';
import { ADC, openAutoBed, type AutoBed } from './auto-bed.ts';
import { allOf, failureOf } from './bed.ts';

const TARGET = 'deploy@other-prod.iam.gserviceaccount.com';
const BETWEEN = 'between@other-prod.iam.gserviceaccount.com';

let bed: AutoBed;
beforeEach(async () => {
  bed = await openAutoBed();
});

/** Lets `member` act as `email`, which is made. */
function impersonable(email: string, member: string): void {
  const { accounts } = bed.google;
  if (accounts.findAccount(email) === undefined) {
    accounts.addServiceAccount({ email, project: 'other-prod' });
  }
  accounts.grant({ member, role: 'tokenCreator', on: email });
}

const impersonatedFile = (source: JsonObject, delegates: readonly string[] = []) => ({
  type: 'impersonated_service_account',
  service_account_impersonation_url: `https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/${TARGET}:generateAccessToken`,
  delegates,
  source_credentials: source,
});

const FEDERATION = {
  type: 'external_account',
  audience:
    '//iam.googleapis.com/projects/123456/locations/global/workloadIdentityPools/ci/providers/github',
  subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
  token_url: 'https://sts.googleapis.com/v1/token',
  credential_source: { file: '/var/run/token' },
};

describe('a key file', () => {
  it('that a variable names becomes a service account, its key in the secret alone', async () => {
    const json = bed.keyFile();
    const path = bed.write('keys/robot.json', json);
    const proposal = await bed.find({ env: { GOOGLE_APPLICATION_CREDENTIALS: path } });
    expect(proposal).toMatchObject({
      method: 'service-account',
      origin: 'GOOGLE_APPLICATION_CREDENTIALS, ~/keys/robot.json',
      config: { project_id: PROJECT, account_email: bed.robot.email },
    });
    expect(proposal.secret['service_account_json']?.reveal()).toBe(json);
    const { private_key: pem } = JSON.parse(json) as { private_key: string };
    const shown = JSON.stringify(proposal) + allOf(proposal);
    for (const line of pem.split('\n').slice(1, -2)) expect(shown).not.toContain(line);
    expect((await bed.issue(proposal)).principal).toBe(bed.robot.email);
  });

  it('in place of the default credentials is one as well', async () => {
    bed.write(ADC, bed.keyFile());
    const proposal = await bed.find();
    expect(proposal).toMatchObject({ method: 'service-account', origin: `~/${ADC}` });
  });

  it('is found from where its owner is', async () => {
    bed.write('work/robot.json', bed.keyFile());
    const env = { GOOGLE_APPLICATION_CREDENTIALS: 'robot.json', PWD: `${bed.home}/work` };
    expect((await bed.find({ env })).method).toBe('service-account');
  });

  it.runIf(process.platform !== 'win32')('that others can read is told of', async () => {
    bed.write(ADC, bed.keyFile(), 0o644);
    expect((await bed.find()).notes).toContain(
      `Others on this machine can read ~/${ADC}: chmod 600 it.`,
    );
    bed.write(ADC, bed.keyFile(), 0o600);
    expect((await bed.find()).notes.join(' ')).not.toContain('Others');
  });
});

describe('a person’s login', () => {
  const env = { GOOGLE_CLOUD_PROJECT: 'work-prod' };

  it('becomes a user account, told by Google’s word who it is', async () => {
    bed.write(ADC, { ...bed.person.authorizedUser(), account: 'somebody@else.example' });
    const proposal = await bed.find({ env });
    expect(proposal).toMatchObject({
      method: 'user-account',
      config: { project_id: 'work-prod', account_email: 'ada@example.com' },
    });
    expect(proposal.config).not.toHaveProperty('scopes');
    expect((await bed.issue(proposal)).scopes).toContain(CLOUD_PLATFORM);
  });

  it('is kept with nothing else of its file, and in the secret alone', async () => {
    const login = bed.person.authorizedUser();
    bed.write(ADC, { ...login, note: 'keep out', quota_project_id: 'billing-prod' });
    const proposal = await bed.find({ env });
    expect(proposal.config).toMatchObject({ quota_project: 'billing-prod' });
    expect(
      Object.keys(JSON.parse(proposal.secret['user_account_json']?.reveal() ?? '') as object),
    ).toEqual(['type', 'client_id', 'client_secret', 'refresh_token', 'universe_domain']);
    expect(JSON.stringify(proposal) + allOf(proposal)).not.toContain(login.refresh_token);
  });

  it('is told with other scopes than gcloud asks for, where it has others', async () => {
    const consentedScopes = ['openid', CLOUD_PLATFORM];
    const limited = bed.google.accounts.addUser({ email: 'eve@example.com', consentedScopes });
    bed.write(ADC, limited.authorizedUser());
    const proposal = await bed.find({ env });
    expect(proposal.config['scopes']).toEqual(expect.arrayContaining(consentedScopes));
    expect(proposal.config['scopes']).toHaveLength(2);
  });

  it('that was revoked is told by the file that it is in', async () => {
    bed.write(ADC, bed.userFile);
    bed.person.revoke();
    expect(await failureOf(bed.find({ env }))).toMatchObject({
      code: 'UPSTREAM_BAD_CREDENTIAL',
      subject: `~/${ADC}`,
    });
  });
});

describe('other files', () => {
  it('a federation becomes one, with the project that is known', async () => {
    bed.write(ADC, FEDERATION);
    const proposal = await bed.find({ env: { GOOGLE_CLOUD_PROJECT: 'work-prod' } });
    expect(proposal).toMatchObject({
      method: 'external-account',
      config: { project_id: 'work-prod' },
    });
    expect(Object.keys(proposal.secret)).toEqual(['external_account_json']);
    expect(proposal.config).not.toHaveProperty('account_email');
  });

  it('a federation that impersonates is told as that account, and its project', async () => {
    const url = `https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/${TARGET}:generateAccessToken`;
    bed.write(ADC, { ...FEDERATION, service_account_impersonation_url: url });
    expect((await bed.find()).config).toMatchObject({
      account_email: TARGET,
      project_id: 'other-prod',
    });
  });

  it('a federation that runs a program needs somebody’s word', async () => {
    const source = { executable: { command: '/bin/true' } };
    bed.write(ADC, { ...FEDERATION, credential_source: source });
    const given = { project_id: 'work-prod' };
    expect(await failureOf(bed.find({ given }))).toMatchObject({
      code: 'INPUT_INVALID',
      subject: 'allow_executable',
    });
    const proposal = await bed.find({ given: { ...given, allow_executable: 'true' } });
    expect(proposal.config['allow_executable']).toBe(true);
  });

  it('an impersonated account becomes an impersonation by its source', async () => {
    impersonable(TARGET, `user:${bed.person.email}`);
    bed.write(ADC, impersonatedFile(bed.person.authorizedUser()));
    const proposal = await bed.find();
    expect(proposal).toMatchObject({
      method: 'impersonation',
      config: { target_principal: TARGET, project_id: 'other-prod' },
    });
    expect(Object.keys(proposal.secret)).toEqual(['user_account_json']);
    expect(proposal.config).not.toHaveProperty('account_email');
    expect((await bed.issue(proposal)).principal).toBe(TARGET);
  });

  it('accounts in between are kept in their order', async () => {
    impersonable(BETWEEN, `serviceAccount:${bed.robot.email}`);
    impersonable(TARGET, `serviceAccount:${BETWEEN}`);
    bed.write(
      ADC,
      impersonatedFile(bed.robot.keyFile(), [`projects/-/serviceAccounts/${BETWEEN}`]),
    );
    const proposal = await bed.find();
    expect(proposal.config).toMatchObject({ delegates: [BETWEEN], target_principal: TARGET });
    expect((await bed.issue(proposal)).principal).toBe(TARGET);
  });
});

describe('what was given on the command line', () => {
  it('wins over what is found', async () => {
    bed.write(ADC, bed.keyFile());
    const given = { project_id: 'given-prod', scopes: CLOUD_PLATFORM };
    expect(
      (await bed.find({ given, env: { GOOGLE_CLOUD_PROJECT: 'work-prod' } })).config,
    ).toMatchObject({
      project_id: 'given-prod',
      scopes: [CLOUD_PLATFORM],
      account_email: bed.robot.email,
    });
  });

  it('target_principal is impersonated with what is found', async () => {
    impersonable(TARGET, `serviceAccount:${bed.robot.email}`);
    bed.write(ADC, bed.keyFile());
    const proposal = await bed.find({ given: { target_principal: TARGET } });
    expect(proposal).toMatchObject({
      method: 'impersonation',
      config: { target_principal: TARGET, project_id: PROJECT },
    });
    expect((await bed.issue(proposal)).principal).toBe(TARGET);
  });

  it('target_principal comes after the account that was impersonated already', async () => {
    bed.write(ADC, impersonatedFile(bed.robot.keyFile()));
    const last = 'last@other-prod.iam.gserviceaccount.com';
    expect((await bed.find({ given: { target_principal: last } })).config).toMatchObject({
      delegates: [TARGET],
      target_principal: last,
    });
  });

  it.each([
    ['an attribute that the method does not have', { colour: 'red' }, 'colour'],
    ['a project that is none', { project_id: 'Not A Project' }, 'project_id'],
    ['an e-mail that is none', { target_principal: 'nobody' }, 'target_principal'],
  ])('%s is refused by its name', async (_, given, subject) => {
    bed.write(ADC, bed.keyFile());
    expect(await failureOf(bed.find({ given }))).toMatchObject({ code: 'INPUT_INVALID', subject });
  });
});

describe('the method that was asked for', () => {
  it('is looked for beyond the first that is found', async () => {
    bed.write('key.json', bed.keyFile());
    bed.write(
      '.config/gcloud/configurations/config_default',
      '[core]\naccount = ada@example.com\n',
    );
    bed.gcloudDatabase({ 'ada@example.com': bed.person.authorizedUser() });
    const env = { GOOGLE_APPLICATION_CREDENTIALS: `${bed.home}/key.json` };
    const given = { project_id: PROJECT };
    expect((await bed.find({ env, given })).method).toBe('service-account');
    const proposal = await bed.find({ env, given, method: 'user-account' });
    expect(proposal).toMatchObject({
      method: 'user-account',
      origin: 'gcloud’s configuration ‘default’, ada@example.com',
    });
  });

  it('oauth2-token stores one token until its true end', async () => {
    bed.write(ADC, bed.keyFile());
    const proposal = await bed.find({ method: 'oauth2-token' });
    expect(proposal).toMatchObject({
      method: 'oauth2-token',
      config: { project_id: PROJECT, account_email: bed.robot.email },
    });
    expect(proposal.expiresAt).toBeGreaterThan(bed.clock.now() + 3_500_000);
    expect(Object.keys(proposal.secret)).toEqual(['token']);
    expect(proposal.notes.join(' ')).toContain(new Date(proposal.expiresAt ?? 0).toISOString());
    expect((await bed.issue(proposal)).expiresAt).toBe(proposal.expiresAt);
  });

  it('implicit stores nothing', async () => {
    bed.write(ADC, bed.keyFile());
    const proposal = await bed.find({ method: 'implicit' });
    expect(proposal).toMatchObject({
      method: 'implicit',
      secret: {},
      config: { project_id: PROJECT, account_email: bed.robot.email },
    });
    expect(proposal.notes.join(' ')).toContain('policy.implicit.allow');
  });

  it.each([
    ['external-account', 'leave the auth method out, and the one that fits is chosen'],
    ['impersonation', 'say which account to impersonate: target_principal'],
  ])('%s cannot be made of a key file alone', async (method, hint) => {
    bed.write(ADC, bed.keyFile());
    expect(await failureOf(bed.find({ method }))).toMatchObject({
      code: 'INPUT_INVALID',
      subject: 'auth_method',
      hint,
    });
  });

  it.each(['magic', 'constructor', '__proto__'])('there is no %s', async (method) => {
    bed.write(ADC, bed.keyFile());
    expect(await failureOf(bed.find({ method }))).toMatchObject({
      code: 'INPUT_INVALID',
      subject: 'auth_method',
    });
  });
});
