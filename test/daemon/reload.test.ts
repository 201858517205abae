import { chmod, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';

import { describe, expect, onTestFinished, test } from 'vitest';

import { startDaemon } from '../../src/daemon.ts';
import { writeFileAtomically } from '../../src/files/atomic-write.ts';
import { freePort } from '../beds/process.ts';
import { testCloud } from '../support/cloud.ts';
import { testDaemon } from '../support/daemon.ts';
import { temporaryHome } from '../support/home.ts';
import { get } from '../support/http.ts';

const LISTEN = 'listeners: [{ address: "127.0.0.1:0" }]\n';

async function setup() {
  const cloud = await testCloud();
  const daemon = await testDaemon({ env: cloud.env, clock: cloud.clock });
  const register = (name: string) =>
    daemon.api.register({
      name,
      type: 'aws',
      auth_method: 'iam-role',
      attributes: cloud.roleAttributes,
      verify: false,
    });
  const write = (text: string) =>
    writeFileAtomically(join(daemon.home, 'config.yaml'), LISTEN + text);
  return { cloud, daemon, register, write };
}

describe('invariant 13: a reload applies whole', () => {
  test('an identity that is no longer allowed is not served from memory', async () => {
    const cloud = await testCloud();
    const config = (accounts: string) =>
      `${LISTEN}policy: { implicit: { allow: [${accounts}] } }\n` +
      'workloads: { dev: { grants: [{ connector: own }] } }\n';
    const daemon = await testDaemon({
      env: {
        ...cloud.env,
        AWS_ACCESS_KEY_ID: cloud.keyAttributes['aws_access_key_id'] ?? '',
        AWS_SECRET_ACCESS_KEY: cloud.keyAttributes['aws_secret_access_key'] ?? '',
      },
      clock: cloud.clock,
      config: config('"111122223333"'),
    });
    await daemon.api.register({
      name: 'own',
      type: 'aws',
      auth_method: 'implicit',
      attributes: { role_arn: cloud.roleArn, region: 'eu-west-1' },
    });
    const { token } = await daemon.api.openWorkload({ workload: 'dev' });
    const ask = () => get(`${daemon.baseUrl}/v1/credentials`, { authorization: token });
    expect((await ask()).status).toBe(200);
    await writeFile(join(daemon.home, 'config.yaml'), config(''));
    await daemon.reload();
    expect((await ask()).status).toBe(403);
  });

  test('the log’s level, too', async () => {
    const { daemon, write } = await setup();
    await write('log: { level: error }\n');
    await daemon.reload();
    await get(`${daemon.baseUrl}/`, { host: 'evil.example' });
    await daemon.api.status({});
    await daemon.stop();
    expect(daemon.logText()).not.toContain('"refused"');
  });

  test('two at once end with the newer file', async () => {
    const { daemon, write } = await setup();
    await write(`workloads: {${'\n'.repeat(200_000)}}\n`);
    const first = daemon.reload();
    await write('workloads: { dev: { grants: [{ connector: x }] } }\n');
    await Promise.all([first, daemon.reload()]);
    expect((await daemon.api.status({})).workloads.map(({ name }) => name)).toEqual(['dev']);
  });
});

test('a connector that was saved is reported as saved, whatever is wrong with a workload', async () => {
  const { daemon, register, write } = await setup();
  await write('workloads: { dev: { grants: [{ connector: a }] } }\n');
  await daemon.reload();
  await chmod(join(daemon.home, 'run/tokens/dev'), 0o644);
  expect((await register('a')).connector.name).toBe('a');
  await daemon.stop();
  expect(daemon.logText()).toContain('UNSAFE_FILE');
});

test('a workload nobody configured is not found, whatever its name means to JavaScript', async () => {
  const { daemon } = await setup();
  await expect(daemon.api.workloadProfiles({ workload: 'constructor' })).rejects.toMatchObject({
    code: 'WORKLOAD_NOT_FOUND',
  });
});

describe('a start that fails', () => {
  const start = async (home: string) =>
    startDaemon({
      env: { VALETKEY_HOME: home, HOME: home },
      version: 'test',
      ephemeral: true,
      log: process.stderr,
    });

  test('leaves no listener and no lock', async () => {
    const port = await freePort();
    const config = `listeners: [{ address: "127.0.0.1:${port}" }]\n`;
    const home = await temporaryHome(config);
    const long = join(home, 'x'.repeat(100));
    await writeFile(join(home, 'placeholder'), '');
    const env = { VALETKEY_HOME: long, VALETKEY_CONFIG: join(home, 'config.yaml'), HOME: home };
    const failed = startDaemon({ env, version: 'test', ephemeral: true, log: process.stderr });
    await expect(failed).rejects.toMatchObject({ subject: 'VALETKEY_HOME' });
    const probe = createServer();
    onTestFinished(() => void probe.close());
    await new Promise<void>((resolve, reject) => {
      probe.once('error', reject).listen(port, '127.0.0.1', resolve);
    });
  });

  test('of a second daemon is DAEMON_RUNNING and harms the first one not', async () => {
    const home = await temporaryHome(LISTEN);
    const first = await start(home);
    onTestFinished(() => first.stop());
    await expect(start(home)).rejects.toMatchObject({ code: 'DAEMON_RUNNING' });
    const { status } = await get(`${first.listeners[0]?.baseUrl}/v1/credentials`);
    expect(status).not.toBe(200);
  });
});
