import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, onTestFinished, test } from 'vitest';

import { openInProcess } from '../../../src/composition/in-process.ts';
import { openGoogle, PROJECT } from '../../support/google.ts';
import { temporaryHome } from '../../support/home.ts';
import { impersonationUrl } from './external-account-bed.ts';
import { federate } from './federation-bed.ts';

/** The whole of valetkey with connectors registered as a person does, before a strict Google. */
async function setup(
  options: { allow?: readonly string[]; env?: Readonly<Record<string, string>> } = {},
) {
  const world = await openGoogle();
  onTestFinished(() => world.google.stop());
  const { allow = [] } = options;
  const home = await temporaryHome(`policy: { implicit: { allow: ${JSON.stringify(allow)} } }\n`);
  const env = { ...world.env, VALETKEY_HOME: home, HOME: home, NO_GCE_CHECK: 'true' };
  const opened = await openInProcess({
    env: { ...env, ...options.env },
    version: 'test',
    clock: world.clock,
    ephemeral: true,
  });
  onTestFinished(opened.stop);
  const register = (auth_method: string, attributes: Record<string, string>, more: object = {}) =>
    opened.api.register({ name: 'gcp-dev', type: 'gcp', auth_method, attributes, ...more });
  return { ...world, ...federate(world), api: opened.api, home, register };
}

describe('a federation', () => {
  test('is verified, shown without its secret, and renewed with another account', async () => {
    const world = await setup();
    const { verified } = await world.register('external-account', {
      external_account_json: world.impersonating(),
    });
    expect(verified).toMatchObject({ principal: world.robot.email, accountId: PROJECT });
    const { configuration } = await world.api.describeConnector({ name: 'gcp-dev' });
    expect(configuration).toMatchObject({
      account_email: world.robot.email,
      project_id: PROJECT,
    });
    expect(JSON.stringify(configuration)).not.toContain(world.tokenFile);
    const next = world.google.accounts.addServiceAccount({ name: 'next', project: 'lab-2222' });
    const member = world.pool.member('job');
    world.google.accounts.grant({ member, role: 'workloadIdentityUser', on: next.email });
    await world.api.update({
      name: 'gcp-dev',
      attributes: { external_account_json: world.impersonating(next.email) },
    });
    const renewed = await world.api.describeConnector({ name: 'gcp-dev' });
    expect(renewed.configuration).toMatchObject({
      account_email: next.email,
      project_id: 'lab-2222',
    });
  });

  test('that leads to a stranger is not saved', async () => {
    const world = await setup();
    const external_account_json = world.json({
      service_account_impersonation_url: impersonationUrl(
        world.robot.email,
        'https://evil.example',
      ),
    });
    await expect(
      world.register('external-account', { external_account_json }),
    ).rejects.toMatchObject({ code: 'INPUT_INVALID', subject: 'external_account_json' });
    expect(await world.api.listConnectors({})).toEqual([]);
  });
});

describe('impersonation', () => {
  test('has a lifetime to choose within its limits', async () => {
    const world = await setup();
    const { accounts } = world.google;
    const member = `user:${world.person.email}`;
    accounts.grant({ member, role: 'tokenCreator', on: world.robot.email });
    const attributes = { target_principal: world.robot.email, user_account_json: world.userFile };
    await expect(
      world.register('impersonation', attributes, { expiration_seconds: 43_201 }),
    ).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    accounts.extendLifetime(world.robot.email);
    await world.register('impersonation', attributes, { expiration_seconds: 43_200 });
    const { credential } = await world.api.issue({
      request: { connector: 'gcp-dev', resources: [{ type: 'gcp-generic', access: 'full' }] },
      evidence: { workload: 'w', by: 'control', endpoint: 'test' },
    });
    expect(credential).toMatchObject({
      principal: world.robot.email,
      account: PROJECT,
      expiresAt: world.clock.now() + 43_200_000,
    });
  });

  test('changes who impersonates when the one is removed and another given', async () => {
    const world = await setup();
    const { accounts } = world.google;
    for (const member of [`user:${world.person.email}`, world.pool.member('job')]) {
      accounts.grant({ member, role: 'tokenCreator', on: world.robot.email });
    }
    const attributes = { target_principal: world.robot.email, user_account_json: world.userFile };
    await world.register('impersonation', attributes);
    const given = { external_account_json: world.json() };
    const change = { name: 'gcp-dev', attributes: given };
    await expect(world.api.update(change)).rejects.toMatchObject({ subject: 'source' });
    const { verified } = await world.api.update({ ...change, remove: ['user_account_json'] });
    expect(verified).toMatchObject({ principal: world.robot.email });
  });
});

describe('the daemon’s own identity', () => {
  const file = async (text: string) => {
    const path = join(await temporaryHome(), 'adc.json');
    await writeFile(path, text);
    return path;
  };

  test.for([
    ['implicit', {}],
    [
      'impersonation',
      { source: 'implicit', target_principal: 'a@data-prod.iam.gserviceaccount.com' },
    ],
  ] as const)('by %s is refused while nothing is on the list', async ([method, attributes]) => {
    const world = await setup();
    await expect(
      world.register(method, { project_id: PROJECT, ...attributes }),
    ).rejects.toMatchObject({ code: 'IMPLICIT_FORBIDDEN' });
    expect(world.google.log).toEqual([]);
  });

  test('is yielded when it is on the list', async () => {
    const other = await openGoogle();
    onTestFinished(() => other.google.stop());
    const env = { ...other.env, GOOGLE_APPLICATION_CREDENTIALS: await file(other.keyFile()) };
    const world = await setup({ allow: [other.robot.email], env });
    const { verified } = await world.register('implicit', { project_id: PROJECT });
    expect(verified).toMatchObject({ principal: other.robot.email });
  });
});
