import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { connectControl } from '../../src/control/client.ts';
import { resolvePaths } from '../../src/config/paths.ts';
import { testCloud } from '../support/cloud.ts';
import { get } from '../support/http.ts';
import { runProgram, testDaemon } from '../support/daemon.ts';

/*
 * Markers in every secret, every failure path walked, every byte of output searched: what clients
 * are refused with, log, audit, metrics, connector files, the control API's answers and errors, and
 * what the command line prints.
 */

const VALETKEY = join(import.meta.dirname, '../../bin/valetkey');
const MARKER = 'MARKERxDEADBEEFx';
const PLANTED_KEY = `${MARKER}SecretAccessKey/with+odd=chars`;

async function everyFile(folder: string): Promise<string> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const texts = names
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('tokens'))
    .map((entry) => readFile(join(entry.parentPath, entry.name), 'utf8'));
  return (await Promise.all(texts)).join('\n');
}

test('no secret in any output, success or failure', async () => {
  const cloud = await testCloud({ systemTime: true });
  const daemon = await testDaemon({ env: cloud.env });
  const { controlSocket } = resolvePaths({ VALETKEY_HOME: daemon.home });
  const api = connectControl(controlSocket);
  const heard: string[] = [];
  const hear = async (work: Promise<unknown>) => {
    try {
      heard.push(JSON.stringify(await work));
    } catch (error) {
      heard.push(String(error), (error as Error).stack ?? '', JSON.stringify(error));
    }
  };

  // Good ones, whose secrets are the stand-in's own.
  const good = { type: 'aws', auth_method: 'iam-role', attributes: cloud.roleAttributes };
  await hear(api.register({ name: 'good', ...good }));
  await hear(api.register({ name: 'good', ...good }));
  await hear(api.update({ name: 'good', labels: { a: 'b' } }));
  await hear(api.describeClient({ name: 'good', resource_id: 's3://zenfiles' }));
  await hear(api.describeConnector({ name: 'good' }));
  await hear(api.verify({ name: 'good' }));

  // Wrong ones, with a marker where the secret is; one per method that stores a secret.
  const planted = {
    aws_access_key_id: 'AKIAIOSFODNN7EXAMPLE',
    aws_secret_access_key: PLANTED_KEY,
    region: 'eu-west-1',
  };
  const wrong: readonly [string, Record<string, string>][] = [
    ['iam-role', { ...planted, role_arn: cloud.roleArn }],
    ['secret-key', planted],
    ['session-token', planted],
    ['federation-token', planted],
    ['sts-token', { ...planted, aws_session_token: `${MARKER}Session` }],
    ['iam-role', { ...planted, role_arn: MARKER }],
    ['iam-role', { ...planted, aws_access_key_id: `${MARKER} spaces`, role_arn: cloud.roleArn }],
    ['session-token', { ...planted, unknown_field: MARKER }],
  ];
  let count = 0;
  for (const [auth_method, attributes] of wrong) {
    for (const verify of [true, false]) {
      count += 1;
      const name = `wrong-${count}`;
      const expires_at = auth_method === 'sts-token' ? '2099-01-01 00:00:00' : undefined;
      await hear(
        api.register({
          name,
          type: 'aws',
          auth_method,
          attributes,
          verify,
          ...(expires_at === undefined ? {} : { expires_at }),
        }),
      );
      await hear(api.verify({ name }));
      await hear(api.describeClient({ name }));
      await hear(api.listResources({ name }));
    }
  }
  for (const kind of ['throttle', 'garbage', 'reset'] as const) {
    cloud.aws.faults.add('sts:*', { kind });
    await hear(api.verify({ name: 'good' }));
    cloud.aws.faults.clear();
  }
  await hear(api.status({}));

  // The endpoint: good, refused, malformed.
  const access = await daemon.api.openWorkload({
    grants: [{ connector: 'good', resource_id: 's3://zenfiles' }],
  });
  const heardHeaders: string[] = [];
  const ask = async (headers: Record<string, string>, path = '/v1/credentials') => {
    const { status, body, headers: answered } = await get(`${daemon.baseUrl}${path}`, headers);
    heardHeaders.push(JSON.stringify(answered));
    return { status, text: body };
  };
  const answered = await ask({ authorization: access.token });
  expect(answered.status).toBe(200);
  const session = JSON.parse(answered.text) as { SecretAccessKey: string; Token: string };
  for (const headers of [
    {},
    { authorization: `${MARKER}wrong` },
    { authorization: access.token, origin: 'http://evil' },
    { authorization: `Bearer ${access.token}` },
  ]) {
    heard.push((await ask(headers)).text);
  }
  heard.push((await ask({ authorization: access.token }, `/v1/credentials/${MARKER}`)).text);

  // The command line, with secrets given every way.
  const env = { VALETKEY_HOME: daemon.home, HOME: daemon.home, ...cloud.env };
  const cli = async (...args: string[]) => {
    const { stdout, stderr } = await runProgram(VALETKEY, args, env);
    heard.push(stdout, stderr);
  };
  await cli(
    'connector',
    'register',
    'argv',
    '--type',
    'aws',
    '--auth-method',
    'session-token',
    '--region=eu-west-1',
    '--aws_access_key_id=AKIAIOSFODNN7EXAMPLE',
    `--aws_secret_access_key=${PLANTED_KEY}`,
  );
  await cli('connector', 'describe', 'good', '--output', 'json');
  await cli('connector', 'describe', 'good', '--resource-id', 's3://zenfiles');
  await cli('connector', 'list', '--output', 'yaml');
  await cli('status', '--output', 'json');

  heard.push(
    ...heardHeaders,
    daemon.logText(),
    await daemon.metrics(),
    await everyFile(daemon.home),
  );
  const output = heard.join('\n');
  expect(output.length).toBeGreaterThan(20_000); // it did look at something
  const secrets = {
    planted: PLANTED_KEY,
    marker: `${MARKER}Se`,
    'the person’s key': cloud.keyAttributes['aws_secret_access_key'] ?? '',
    'the workload’s secret': access.token,
    'an issued key': session.SecretAccessKey,
    'an issued token': session.Token,
    'a wrong secret': `${MARKER}wrong`,
  };
  const found = Object.entries(secrets)
    .filter(([, value]) => output.includes(value))
    .map(([name]) => name);
  expect(found).toEqual([]);
});
