import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';

import { gcloudConfiguration } from '../../../src/connectors/gcp/gcloud-configuration.ts';
import { gcloudFolder, shownPath } from '../../../src/connectors/gcp/gcloud-folder.ts';
import { OWN_ANSWER_HEADER } from '../../../src/core/own-answer.ts';
import { PROJECT } from '../../support/google.ts';
import { ADC, GCLOUD, openAutoBed, properties, type AutoBed } from './auto-bed.ts';
import { allOf, failureOf, never, stranger } from './bed.ts';

let bed: AutoBed;
beforeEach(async () => {
  bed = await openAutoBed();
});

const configuration = (name: string, sections: Parameters<typeof properties>[0]) =>
  bed.write(`${GCLOUD}/configurations/config_${name}`, properties(sections));

describe('gcloud’s own account', () => {
  const core = { account: 'ada@example.com', project: 'work-prod' };

  it('is taken from its database, with the project that is worked in', async () => {
    configuration('default', { core });
    bed.gcloudDatabase({ 'ada@example.com': bed.person.authorizedUser() });
    const proposal = await bed.find();
    expect(proposal).toMatchObject({
      method: 'user-account',
      origin: 'gcloud’s configuration ‘default’, ada@example.com',
      config: { project_id: 'work-prod', account_email: 'ada@example.com' },
    });
    expect((await bed.issue(proposal)).principal).toBe('ada@example.com');
  });

  it('is that of the active configuration', async () => {
    const { google } = bed;
    const eve = google.accounts.addUser({
      email: 'eve@example.com',
      consentedScopes: ['openid', 'https://www.googleapis.com/auth/userinfo.email'],
    });
    configuration('default', { core });
    configuration('other', { core: { account: 'eve@example.com', project: 'eve-prod' } });
    bed.gcloudDatabase({
      'ada@example.com': bed.person.authorizedUser(),
      'eve@example.com': eve.authorizedUser(),
    });
    bed.write(`${GCLOUD}/active_config`, 'other');
    expect((await bed.find()).config).toMatchObject({
      account_email: 'eve@example.com',
      project_id: 'eve-prod',
    });
    const env = { CLOUDSDK_ACTIVE_CONFIG_NAME: 'default', CLOUDSDK_CORE_PROJECT: 'told-prod' };
    expect((await bed.find({ env })).config).toMatchObject({
      account_email: 'ada@example.com',
      project_id: 'told-prod',
    });
    expect(
      (await bed.find({ env: { CLOUDSDK_CORE_ACCOUNT: 'ada@example.com' } })).config,
    ).toMatchObject({ account_email: 'ada@example.com', project_id: 'eve-prod' });
  });

  it('a service account that was activated becomes one', async () => {
    configuration('default', { core: { account: bed.robot.email } });
    const { type, client_email, private_key, private_key_id, token_uri, project_id } =
      bed.robot.keyFile();
    const row = { type, client_email, private_key, private_key_id, token_uri, project_id };
    bed.gcloudDatabase({ [bed.robot.email]: row });
    const proposal = await bed.find();
    expect(proposal).toMatchObject({ method: 'service-account', config: { project_id: PROJECT } });
    expect((await bed.issue(proposal)).principal).toBe(bed.robot.email);
  });

  it('is impersonating when the configuration says so', async () => {
    const chain = ['between@p-prod.iam.gserviceaccount.com', 'last@p-prod.iam.gserviceaccount.com'];
    configuration('default', { core, auth: { impersonate_service_account: chain.join(', ') } });
    bed.gcloudDatabase({ 'ada@example.com': bed.person.authorizedUser() });
    expect(await bed.find()).toMatchObject({
      method: 'impersonation',
      config: { delegates: [chain[0]], target_principal: chain[1], project_id: 'work-prod' },
    });
  });

  it('without a database is taken from the file that older tools read', async () => {
    configuration('default', { core });
    bed.write(`${GCLOUD}/legacy_credentials/ada@example.com/adc.json`, bed.userFile);
    expect(await bed.find()).toMatchObject({ method: 'user-account' });
  });

  it('gives way to the file that the configuration names', async () => {
    const file = bed.write('elsewhere/key.json', bed.keyFile());
    configuration('default', { core, auth: { credential_file_override: file } });
    expect(await bed.find()).toMatchObject({
      method: 'service-account',
      origin: 'gcloud’s configuration ‘default’, ~/elsewhere/key.json',
    });
  });

  it('comes after the default credentials', async () => {
    configuration('default', { core });
    bed.gcloudDatabase({ 'ada@example.com': bed.person.authorizedUser() });
    bed.write(ADC, bed.keyFile());
    expect(await bed.find()).toMatchObject({
      method: 'service-account',
      config: { project_id: PROJECT },
    });
  });

  it('of another of Google’s clouds is not mistaken for it', async () => {
    configuration('default', { core: { ...core, universe_domain: 'apis.example' } });
    bed.gcloudDatabase({ 'ada@example.com': bed.person.authorizedUser() });
    expect(await failureOf(bed.find())).toMatchObject({ code: 'NOT_FOUND' });
  });

  it('that is no longer logged in is told', async () => {
    configuration('default', { core });
    bed.gcloudDatabase({});
    const { code, reason } = await failureOf(bed.find());
    expect(code).toBe('NOT_FOUND');
    expect(reason).toContain('nothing stored for ada@example.com');
  });

  it('its folder may be elsewhere', async () => {
    const folder = join(bed.home, 'sdk');
    mkdirSync(folder);
    writeFileSync(join(folder, 'application_default_credentials.json'), bed.keyFile());
    expect((await bed.find({ env: { CLOUDSDK_CONFIG: folder } })).method).toBe('service-account');
  });

  it.each([['../../../etc/passwd'], ['..'], [''], ['a/b']])(
    'an account named %j leads to no file outside',
    async (account) => {
      configuration('default', { core: { account } });
      bed.write(`${GCLOUD}/adc.json`, bed.keyFile());
      expect(await failureOf(bed.find())).toMatchObject({ code: 'NOT_FOUND' });
    },
  );
});

describe('gcloud’s files', () => {
  it('are where the platform keeps them', () => {
    expect(gcloudFolder({ HOME: '/home/ada' }, 'linux')).toBe('/home/ada/.config/gcloud');
    expect(gcloudFolder({ HOME: '/Users/ada' }, 'darwin')).toBe('/Users/ada/.config/gcloud');
    expect(gcloudFolder({ APPDATA: '/ada/Roaming' }, 'win32')).toBe('/ada/Roaming/gcloud');
    expect(gcloudFolder({ CLOUDSDK_CONFIG: '/sdk', APPDATA: 'x' }, 'win32')).toBe('/sdk');
    expect(shownPath('/home/ada/x', { HOME: '/home/ada' })).toBe('~/x');
    expect(shownPath('/home/adam/x', { HOME: '/home/ada' })).toBe('/home/adam/x');
  });

  it('are read as gcloud writes them', async () => {
    bed.write(
      `${GCLOUD}/configurations/config_default`,
      '# mine\n[core]\naccount = ada@example.com\nProject: work-prod\n\n; no\n[billing]\nquota_project = LEGACY\n[compute]\nproject = not-this\nzone = a=b\n',
    );
    expect(await gcloudConfiguration({ HOME: bed.home }, never())).toEqual({
      name: 'default',
      account: 'ada@example.com',
      project: 'work-prod',
      quotaProject: undefined,
      universeDomain: undefined,
      impersonated: [],
      credentialFile: undefined,
    });
  });

  it.each([
    ['NONE', 'NONE'],
    ['../default', 'default'],
    ['', 'default'],
  ])('a configuration named %j is %s', async (active, name) => {
    bed.write(`${GCLOUD}/active_config`, active);
    configuration('default', { core: { project: 'work-prod' } });
    const read = await gcloudConfiguration({ HOME: bed.home }, never());
    expect(read.name).toBe(name);
    expect(read.project).toBe(name === 'NONE' ? undefined : 'work-prod');
  });
});

/** A metadata server with one service account. */
async function metadataServer(headers: Record<string, string> = {}): Promise<string> {
  const values: Record<string, string> = {
    '/': 'computeMetadata/\n',
    '/computeMetadata/v1/project/project-id': 'vm-prod',
    '/computeMetadata/v1/instance/service-accounts/default/email': bed.robot.email,
  };
  const server: Server = createServer((request, response) => {
    const value = values[request.url ?? ''];
    const ours = request.headers['metadata-flavor'] === 'Google';
    response.writeHead(ours ? (value === undefined ? 404 : 200) : 403, {
      'Metadata-Flavor': 'Google',
      ...headers,
    });
    response.end(value ?? '');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('it does not listen');
  return `127.0.0.1:${address.port}`;
}

describe('the machine’s own account', () => {
  it('is proposed, with its project, and nothing is stored', async () => {
    const env = { GCE_METADATA_HOST: await metadataServer(), NO_GCE_CHECK: '' };
    expect(await bed.find({ env })).toMatchObject({
      method: 'implicit',
      secret: {},
      origin: 'the machine’s metadata server',
      config: { project_id: 'vm-prod', account_email: bed.robot.email },
    });
  });

  it('impersonates the account that was asked for', async () => {
    const target = 'deploy@other-prod.iam.gserviceaccount.com';
    const env = { GCE_METADATA_HOST: await metadataServer(), NO_GCE_CHECK: '' };
    expect(await bed.find({ env, given: { target_principal: target } })).toMatchObject({
      method: 'impersonation',
      secret: {},
      config: { source: 'implicit', target_principal: target, project_id: 'vm-prod' },
    });
  });

  it('is not one that a daemon like this hands out', async () => {
    const host = await metadataServer({ [OWN_ANSWER_HEADER]: '1' });
    const { code, reason } = await failureOf(
      bed.find({ env: { GCE_METADATA_HOST: host, NO_GCE_CHECK: '' } }),
    );
    expect(code).toBe('NOT_FOUND');
    expect(reason).toContain('valetkey daemon');
  });

  it('is none where nobody answers', async () => {
    const { url } = await stranger();
    const { code, reason } = await failureOf(
      bed.find({ env: { GCE_METADATA_HOST: new URL(url).host, NO_GCE_CHECK: '' } }),
    );
    expect(code).toBe('NOT_FOUND');
    expect(reason).toContain('the machine’s metadata server');
  });
});

describe('what there is not', () => {
  it('nothing at all is told with what was looked at', async () => {
    const { code, reason, hint } = await failureOf(bed.find());
    expect(code).toBe('NOT_FOUND');
    for (const place of [
      'GOOGLE_APPLICATION_CREDENTIALS',
      'default credentials',
      'gcloud’s configuration ‘default’',
      'metadata server',
    ]) {
      expect(reason).toContain(place);
    }
    expect(hint).toContain('gcloud auth application-default login');
  });

  it('an unknown project is asked for', async () => {
    bed.write(ADC, bed.userFile);
    expect(await failureOf(bed.find())).toMatchObject({
      code: 'INPUT_INVALID',
      subject: 'project_id',
      hint: 'give it: project_id=data-prod-123456',
    });
    expect((await bed.find({ given: { project_id: 'given-prod' } })).config).toMatchObject({
      project_id: 'given-prod',
    });
  });

  it.each([
    ['GOOGLE_CLOUD_PROJECT', 'told-prod'],
    ['GCLOUD_PROJECT', 'told-prod'],
    ['CLOUDSDK_CORE_PROJECT', 'told-prod'],
  ])('the project may be told by %s', async (variable, project) => {
    bed.write(ADC, bed.userFile);
    expect((await bed.find({ env: { [variable]: project } })).config).toMatchObject({
      project_id: project,
    });
  });

  it('the project that calls are counted against is better than none', async () => {
    bed.write(ADC, { ...bed.person.authorizedUser(), quota_project_id: 'billing-prod' });
    expect((await bed.find()).config).toMatchObject({
      project_id: 'billing-prod',
      quota_project: 'billing-prod',
    });
  });
});

describe('a file that is broken, or leads to a stranger', () => {
  const key = () => JSON.parse(bed.keyFile()) as Record<string, string>;

  it.each([
    ['cut off', () => bed.keyFile().slice(0, 500)],
    ['empty', () => ''],
    ['a list', () => '[]'],
    ['no credentials', () => '{"hello":"world"}'],
    ['of a type that nothing takes', () => '{"type":"gdch_service_account"}'],
    ['an OAuth client', () => '{"installed":{"client_id":"x","client_secret":"y"}}'],
    ['a key without its account', () => JSON.stringify({ ...key(), client_email: undefined })],
    ['a damaged key', () => JSON.stringify({ ...key(), private_key: 'MIIEvQIBADAN' })],
    [
      'a login without its token',
      () => JSON.stringify({ type: 'authorized_user', client_id: 'x' }),
    ],
    ['too long', () => ' '.repeat(70_000)],
  ])('%s', async (_, content) => {
    bed.write(ADC, content());
    const error = await failureOf(bed.find({ given: { project_id: PROJECT } }));
    expect(['INPUT_INVALID', 'CONFIG_UNREADABLE']).toContain(error.code);
    expect(error.subject).toBe(`~/${ADC}`);
  });

  it.each([
    ['token_uri', 'https://oauth2.googleapis.com.evil.example/token'],
    ['token_uri', 'https://oauth2.googleapis.com@evil.example/token'],
    ['token_uri', 'http://oauth2.googleapis.com/token'],
    ['universe_domain', 'evil.example'],
  ])('a key or login with %s %s is refused, asking nobody', async (field, value) => {
    const asked = () =>
      Object.values(bed.google.calls.all()).reduce((sum, count) => sum + count, 0);
    for (const file of [key(), bed.person.authorizedUser()]) {
      bed.write(ADC, { ...file, [field]: value });
      const error = await failureOf(bed.find({ given: { project_id: PROJECT } }));
      expect(error).toMatchObject({ code: 'INPUT_INVALID', subject: `~/${ADC}` });
      expect(error.reason).toContain(field);
      expect(allOf(error)).not.toContain(bed.person.authorizedUser().refresh_token);
    }
    expect(asked()).toBe(0);
  });

  it('a planted address of a stranger’s is never connected to', async () => {
    const { url, connections } = await stranger();
    bed.write(ADC, { ...key(), token_uri: `${url}/token` });
    expect(await failureOf(bed.find())).toMatchObject({ code: 'INPUT_INVALID' });
    const source = key();
    bed.write(ADC, {
      type: 'impersonated_service_account',
      service_account_impersonation_url: `${url}/v1/projects/-/serviceAccounts/a@p-prod.iam.gserviceaccount.com:generateAccessToken`,
      source_credentials: source,
    });
    expect(await failureOf(bed.find())).toMatchObject({ code: 'INPUT_INVALID' });
    expect(connections()).toBe(0);
  });

  it('what impersonates inside a file is looked at as well', async () => {
    bed.write(ADC, {
      type: 'impersonated_service_account',
      service_account_impersonation_url:
        'https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/a@p-prod.iam.gserviceaccount.com:generateAccessToken',
      source_credentials: { ...key(), token_uri: 'https://evil.example/token' },
    });
    expect(await failureOf(bed.find())).toMatchObject({
      code: 'INPUT_INVALID',
      subject: `~/${ADC}: source_credentials`,
    });
  });

  it('a file that a variable names must be there', async () => {
    const env = { GOOGLE_APPLICATION_CREDENTIALS: `${bed.home}/gone.json` };
    expect(await failureOf(bed.find({ env }))).toMatchObject({
      code: 'CONFIG_UNREADABLE',
      subject: 'GOOGLE_APPLICATION_CREDENTIALS',
      reason: 'there is no file ~/gone.json',
    });
  });

  it('a folder in its place', async () => {
    mkdirSync(join(bed.home, ADC), { recursive: true });
    expect(await failureOf(bed.find())).toMatchObject({
      code: 'CONFIG_UNREADABLE',
      subject: `~/${ADC}`,
    });
  });

  it.runIf(process.platform !== 'win32')('a pipe in its place is not waited for', async () => {
    mkdirSync(join(bed.home, GCLOUD), { recursive: true });
    execFileSync('mkfifo', [join(bed.home, ADC)]);
    expect(await failureOf(bed.find())).toMatchObject({ code: 'CONFIG_UNREADABLE' });
    rmSync(join(bed.home, ADC));
    execFileSync('mkfifo', [join(bed.home, GCLOUD, 'credentials.db')]);
    configuration('default', { core: { account: 'ada@example.com' } });
    expect(await failureOf(bed.find())).toMatchObject({ code: 'CONFIG_UNREADABLE' });
  });

  it.each(['this is no database', ''])('gcloud’s database is %j', async (content) => {
    configuration('default', { core: { account: 'ada@example.com' } });
    bed.write(`${GCLOUD}/credentials.db`, content);
    expect(await failureOf(bed.find())).toMatchObject({
      code: 'CONFIG_UNREADABLE',
      subject: `~/${GCLOUD}/credentials.db`,
    });
  });

  it('a row of it is no JSON', async () => {
    configuration('default', { core: { account: 'ada@example.com', project: PROJECT } });
    bed.gcloudDatabase({ 'ada@example.com': [] });
    expect(await failureOf(bed.find())).toMatchObject({
      code: 'INPUT_INVALID',
      subject: `~/${GCLOUD}/credentials.db`,
    });
  });

  it('ends with the signal', async () => {
    bed.write(ADC, bed.keyFile());
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(bed.find({ signal })).rejects.toThrow('enough');
  });
});
