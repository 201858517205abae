import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { STATUS } from './fixtures.ts';
import { transcript } from './transcript.ts';

const REGISTER = 'connector register aws-dev --type aws --auth-method session-token';

/** What is typed, what the message must name, and the exit code where it is not 2. */
const CASES: readonly (readonly [line: string, names: string, exit?: number])[] = [
  ['conector list', 'conector'],
  ['connector lst', 'lst'],
  ['connector list --frobnicate', '--frobnicate'],
  ['connector list surplus', 'too many arguments'],
  ['connector list --output xml', '--output'],
  ['connector describe', 'connector'],
  ['connector describe a b', 'too many arguments'],
  ['connector describe aws-s3 --show-secrets', '--show-secrets'],
  ['connector describe aws-s3 -x', '--show-secrets'],
  ['connector describe aws-s3 --access destroy', '--access'],
  ['connector describe aws-s3 --resource-id a --resource_id b', '--resource-id'],
  ['connector describe-type azzure', '--type'],
  ['connector describe-type aws --auth-method password', '--auth-method'],
  ['connector describe-type aws --resource-type bucket', '--resource-type'],
  ['connector describe-type aws -r s3-bucket -a profile', '--auth-method'],
  ['connector verify', 'connector'],
  ['connector verify aws-s3 -ri a -ri b', '--resource-id'],
  ['connector register', '<connector>'],
  ['connector register aws-dev', '--type'],
  ['connector register aws-dev surplus --type aws', 'a word too many'],
  ['connector register aws-dev --type azzure --auto-configure', '--type'],
  ['connector register aws-dev --type aws --auth-method password', '--auth-method'],
  ['connector register -i', '--interactive'],
  ['connector register Aws!Dev --type aws --auto-configure', 'name'],
  ['connector register ../x --type aws --auto-configure', 'name'],
  [`${REGISTER} --type aws`, '--type'],
  [`${REGISTER} -r s3-bucket -r aws-generic`, '--resource-type'],
  [`${REGISTER} --resource-id s3://a --resource-id s3://b`, '--resource-id'],
  [`${REGISTER} --expiration-seconds 1h`, '--expiration-seconds'],
  [`${REGISTER} --expiration-seconds -5`, '--expiration-seconds'],
  [`${REGISTER} --label team`, '--label'],
  [`${REGISTER} --label =ml`, '--label'],
  [`${REGISTER} --region`, '--region'],
  [`${REGISTER} --region --verify`, '--region'],
  [`${REGISTER} --region=a --region=b`, '--region'],
  [`${REGISTER} --Region=a`, '--Region'],
  [`${REGISTER} -z`, '-z'],
  [`${REGISTER} --aws-access-key-id=@- --aws-secret-access-key=@-`, '--aws-secret-access-key'],
  [`${REGISTER} --aws-secret-access-key=@missing`, '--aws-secret-access-key'],
  [`${REGISTER} --region=@missing`, '--region'],
  [`${REGISTER} --show-secrets`, '--show-secrets'],
  ['connector update', 'connector'],
  ['connector update aws-s3 surplus', 'a word too many'],
  ['connector update aws-s3 --resource-id a --resource-id b', '--resource-id'],
  ['connector update aws-s3 --name Aws!', 'new_name'],
  ['connector update aws-s3 -i', '--interactive'],
  ['connector delete', 'connector'],
  ['store migrate --from keychain', '--to'],
  ['store', 'Usage: valetkey store'],
  ['connector', 'Usage: valetkey connector'],
  ['exec -- true', '--grant'],
  ['exec --grant aws-s3', 'command'],
  ['exec --workload dev --grant aws-s3 -- true', '--grant'],
  ['exec --grant =s3://b -- true', '--grant'],
  ['exec --grant aws-s3= -- true', '--grant'],
  ['exec --grant aws-s3=:read -- true', '--grant'],
  ['exec --frobnicate -- true', '--frobnicate'],
  ['env', '--grant'],
  ['env dev --workload prod', '--workload'],
  ['env dev --grant aws-s3', '--grant'],
  ['env dev --shell tcsh', '--shell'],
  ['env dev --mode moon', '--mode'],
  ['credential-process', '--workload'],
  ['credential-process --workload a --grant b', '--grant'],
  ['completion tcsh', 'tcsh'],
];

describe('bad input: the field is named, the exit code is not 0, nothing is changed', () => {
  test.for(CASES)('%s', async ([line, names, exit = 2]) => {
    const seen = await transcript(line.split(' '));
    expect(seen.stderr).toContain(names);
    expect({ ...seen, calls: [], stderr: '' }).toEqual({
      code: exit,
      stdout: '',
      stderr: '',
      calls: [],
      changes: [],
    });
  });
});

test('an error is one line and a hint', async () => {
  const { stderr } = await transcript(['connector', 'regster']);
  expect(stderr).toMatchInlineSnapshot(`
    "valetkey: error: the command line is not understood: unknown command 'regster'
    valetkey: hint: Did you mean register?
    "
  `);
});

test('the value of a bad secret is not repeated', async () => {
  const argv = [
    ...REGISTER.split(' '),
    '--aws-secret-access-key=planted',
    '--aws-secret-access-key=planted',
  ];
  const { stderr, code } = await transcript(argv);
  expect(code).toBe(2);
  expect(stderr).not.toContain('planted');
});

test('env without a daemon, and with one that does not listen', async () => {
  const home = await mkdtemp(join(tmpdir(), 'valetkey-cli-'));
  try {
    const inProcess = { status: async () => ({ ...STATUS, mode: 'in-process' as const }) };
    const none = await transcript(['env', 'dev'], { answers: inProcess });
    expect([none.code, none.stdout]).toEqual([8, '']);
    expect(none.stderr).toContain('valetkey serve');
    const access = { workload: 'dev', tokenFile: '/t', token: 'x', endpoints: [], clouds: [] };
    const deaf = await transcript(['env', 'dev'], {
      answers: { openWorkload: async () => access },
    });
    expect([deaf.code, deaf.stdout]).toEqual([8, '']);
    const helper = await transcript(['credential-process', '--workload', 'dev'], {
      env: { VALETKEY_HOME: home },
    });
    expect([helper.code, helper.stdout]).toEqual([8, '']);
    expect(helper.stderr.trimEnd().split('\n')).toHaveLength(1);
  } finally {
    await rm(home, { recursive: true });
  }
});
