import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { startKeyring, type KeyringBed } from '../beds/keyring.ts';
import { startMoto, type MotoBed } from '../beds/moto.ts';
import { until } from '../beds/process.ts';
import { answer, clients, type Client } from './clients.ts';
import { askEcs } from './credential-document.ts';
import { execWords, install, registerRole, type Installation } from './harness.ts';

/* The whole way with the secret in a real desktop's keyring. */

const [boto3] = clients as readonly [Client, ...Client[]];

let moto: MotoBed;
let keyring: KeyringBed;
let home: Installation;
beforeAll(async () => {
  [moto, keyring] = await Promise.all([startMoto(), startKeyring('unlocked')]);
  const { HOME: _own, PATH: _path, ...session } = keyring.env;
  const upstream = { AWS_ENDPOINT_URL: moto.endpoint };
  home = await install({ env: { ...session, ...upstream, VALETKEY_STORE: 'keychain' } });
  await registerRole(home, 'aws-dev', { keys: moto.svc, roleArn: moto.roleArn });
});
afterAll(async () => {
  await Promise.all([moto?.stop(), keyring?.stop(), home?.remove()]);
});

const stored = async () => {
  const words = ['lookup', 'service', 'valetkey', 'username', 'aws-dev'];
  return (await keyring.run('secret-tool', words)).stdout;
};

async function identity(): Promise<Record<string, unknown>> {
  const { HOME: _own, PATH: _path, ...env } = home.env;
  const inside = execWords('aws-dev');
  return answer(await boto3.run('identity', [], { ...env, ...moto.env }, { inside }));
}

it('register puts the secret where secret-tool finds it, and nowhere else', async () => {
  expect(JSON.parse(await stored())).toEqual({
    aws_access_key_id: moto.svc.accessKeyId,
    aws_secret_access_key: moto.svc.secretAccessKey,
  });
  const files = await readdir(home.home, { recursive: true, withFileTypes: true });
  for (const file of files.filter((one) => one.isFile())) {
    const text = await readFile(join(file.parentPath, file.name), 'utf8');
    expect(text).not.toContain(moto.svc.secretAccessKey);
    expect(text).not.toContain(moto.svc.accessKeyId);
  }
});

it('exec works from it', async () => {
  expect((await identity())['arn']).toContain(':assumed-role/reader/valetkey-aws-dev');
});

it('a keyring locked while the daemon runs: what is held is served, the rest waits for the unlock', async () => {
  const daemon = await home.serve();
  const held = await home.variables('--grant', 'aws-dev');
  const cold = await home.variables('--grant', 'aws-dev=s3://gamma:read');
  expect((await askEcs(held)).status).toBe(200);

  await keyring.lock();
  expect((await askEcs(held)).status).toBe(200);
  const { status, body } = await askEcs(cold);
  expect({ status, code: (JSON.parse(body) as { code: string }).code }).toEqual({
    status: 503,
    code: 'StoreLocked',
  });
  const verify = await home.run(['connector', 'verify', 'aws-dev']);
  expect(verify.status).toBe(5);
  expect(verify.stderr).toContain('the secret store is locked');
  expect(await home.must(['status'])).toContain('the secret store is locked');

  await keyring.unlock();
  await until('a credential', async () => (await askEcs(cold)).status === 200);
  await home.must(['connector', 'verify', 'aws-dev']);
  await daemon.stop();
});

it('a locked keyring is an error of its own, never another store', async () => {
  await keyring.lock();
  const again = ['connector', 'register', 'second', '--type=aws', '--auth-method=secret-key'];
  const secret = await home.privateFile(moto.svc.secretAccessKey);
  const { status, stderr } = await home.run([
    ...again,
    `--aws-access-key-id=${moto.svc.accessKeyId}`,
    `--aws-secret-access-key=@${secret}`,
    '--region=us-east-1',
    '--no-verify',
  ]);
  expect(status).toBe(5);
  expect(stderr).toContain('the secret store is locked');
  await keyring.unlock();
  expect(await readdir(join(home.home, 'connectors'))).toEqual(['aws-dev.yaml']);
  expect(await readdir(home.home)).not.toContain('secrets');
});

it('delete takes the secret along', async () => {
  await home.must(['connector', 'delete', 'aws-dev', '--yes']);
  expect(await stored()).toBe('');
});
