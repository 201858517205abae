import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import { openInProcess } from '../../src/composition/in-process.ts';
import { testCloud } from '../support/cloud.ts';
import { temporaryHome } from '../support/home.ts';

async function setup() {
  const cloud = await testCloud();
  const home = await temporaryHome();
  const env = { ...cloud.env, VALETKEY_HOME: home, HOME: home, VALETKEY_STORE: 'mounted-files' };
  const { api, stop } = await openInProcess({ env, version: 'test', clock: cloud.clock });
  onTestFinished(stop);
  const { aws_access_key_id, aws_secret_access_key, ...open } = cloud.roleAttributes;
  const secret = { aws_access_key_id, aws_secret_access_key };
  const register = (attributes: Record<string, string>) =>
    api.register({ name: 'aws-pod', type: 'aws', auth_method: 'iam-role', attributes });
  const mount = async () => {
    const folder = join(home, 'mounted', 'aws-pod');
    await mkdir(folder, { recursive: true });
    for (const [name, value] of Object.entries(secret))
      await writeFile(join(folder, name), value ?? '');
  };
  return { home, api, open, register, mount, whole: cloud.roleAttributes };
}

test('a connector is registered for a secret that is mounted, and issues from it', async () => {
  const { home, api, open, register, mount } = await setup();
  await mount();
  const { connector } = await register(open);
  expect(connector.secretFields).toEqual(['aws_access_key_id', 'aws_secret_access_key']);
  expect((await api.describeClient({ name: 'aws-pod' })).credentialId).toMatch(/^ASIA/);
  expect(await readFile(join(home, 'connectors/aws-pod.yaml'), 'utf8')).not.toContain('AKIA');
});

test('nothing mounted: the field is named, nothing is stored', async () => {
  const { home, open, register } = await setup();
  await mkdir(join(home, 'mounted'));
  await expect(register(open)).rejects.toMatchObject({ subject: 'aws_access_key_id' });
  expect(await readdir(join(home, 'connectors')).catch(() => [])).toEqual([]);
});

test('a secret that is given cannot be put into a read-only store', async () => {
  const { register, whole } = await setup();
  await expect(register(whole)).rejects.toMatchObject({ code: 'STORE_READ_ONLY' });
});
