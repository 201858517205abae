import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { generateIdentity } from 'age-encryption';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { startAwsStandIn } from '../../src/stand-ins/aws/server.ts';
import type { AwsStandIn } from '../../src/stand-ins/aws/server.ts';

/*
 * ZenML's documented commands, word for word, one after the other as processes of their own, on an
 * empty home with an encrypted store, against the AWS stand-in.
 */

const BIN = fileURLToPath(new URL('../../bin/valetkey', import.meta.url));

let aws: AwsStandIn;
let secretKey: string;
let home: string;
beforeAll(async () => {
  aws = await startAwsStandIn();
  const statement = { Effect: 'Allow', Action: '*', Resource: '*' };
  const policies = [{ Version: '2012-10-17', Statement: [statement] }];
  const person = aws.accounts.addUser({ name: 'ada', policies });
  const trusted = { Effect: 'Allow', Principal: { AWS: person.arn }, Action: 'sts:AssumeRole' };
  const trust = { Version: '2012-10-17', Statement: [trusted] };
  const role = aws.accounts.putRole({ name: 'training', trust, policies });
  for (const bucket of ['zenfiles', 'payroll']) aws.buckets.add(bucket);
  secretKey = person.secretAccessKey;
  home = await mkdtemp(join(tmpdir(), 'vk-zenml-'));
  await writeFile(join(home, 'passphrase'), await generateIdentity(), { mode: 0o600 });
  await writeFile(
    join(home, 'credentials'),
    `[default]\naws_access_key_id = ${person.accessKeyId}\naws_secret_access_key = ${secretKey}\n`,
    { mode: 0o600 },
  );
  await writeFile(
    join(home, 'config'),
    `[default]\nregion = us-east-1\n[profile dev-account]\nregion = us-east-1\nrole_arn = ${role.arn}\nsource_profile = default\n`,
  );
});
afterAll(async () => {
  await aws.stop();
  await rm(home, { recursive: true });
});

function run(line: string) {
  const [program = '', ...argv] = line.replace(/^valetkey/, BIN).split(' ');
  const env = {
    PATH: '/usr/bin:/bin',
    HOME: home,
    VALETKEY_HOME: join(home, 'vk'),
    VALETKEY_STORE: 'encrypted-file',
    VALETKEY_PASSPHRASE_FILE: join(home, 'passphrase'),
    AWS_CONFIG_FILE: join(home, 'config'),
    AWS_SHARED_CREDENTIALS_FILE: join(home, 'credentials'),
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_ENDPOINT_URL: aws.url,
  };
  return new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    const child = execFile(program, argv, { env }, (_, stdout, stderr) => {
      resolve({ code: child.exitCode ?? -1, stdout, stderr });
    });
    child.stdin?.end();
  });
}

test.for([
  ['valetkey connector list-types', 'Amazon'],
  ['valetkey connector describe-type aws', 's3-bucket'],
  ['valetkey connector describe-type aws --resource-type s3-bucket', 's3:GetObject'],
  ['valetkey connector describe-type aws --auth-method session-token', '--aws-secret-access-key'],
  [
    'valetkey connector register aws-dev --type aws --auth-method profile --profile=dev-account',
    's3://zenfiles',
  ],
  ['valetkey connector register aws-auto --type aws --auto-configure', 's3://zenfiles'],
  [
    'valetkey connector register aws-s3 --type aws --auto-configure --resource-type s3-bucket',
    's3://zenfiles',
  ],
  ['valetkey connector list', 'aws-auto'],
  ['valetkey connector verify aws-dev', 's3://payroll'],
  ['valetkey connector list-resources aws-dev --resource-type s3-bucket', 's3://zenfiles'],
  ['valetkey connector list-resources --resource-type s3-bucket', 'aws-s3'],
  ['valetkey connector describe aws-s3', 's3-bucket'],
  ['valetkey connector describe aws-s3 --resource-id s3://zenfiles', 's3://zenfiles'],
  ['valetkey service-connector describe aws-dev --resource_id s3://zenfiles', 's3://zenfiles'],
  ['valetkey connector delete aws-auto', ''],
] as const)('%s', async ([line, shown]) => {
  const { code, stdout, stderr } = await run(line);
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.any(String) });
  expect(stdout).toContain(shown);
  expect(stdout + stderr).not.toContain(secretKey);
});
