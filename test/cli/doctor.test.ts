import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import type { Patient } from '../../src/cli/doctor/check.ts';
import { CHECKS } from '../../src/cli/doctor/index.ts';
import { endpointFacts } from '../../src/composition/command-line.ts';
import { parseConfig } from '../../src/config/load.ts';
import { ValetkeyError } from '../../src/core/errors.ts';
import { temporaryHome } from '../support/home.ts';
import { NOW, STATUS } from './fixtures.ts';
import { transcript } from './transcript.ts';

const LINK_LOCAL = 'listeners: [{ address: "169.254.169.254:80" }]';
const HOSTS =
  '127.0.0.1 localhost\n169.254.169.254 metadata.google.internal metadata.google.internal. # ours\n';

/** A machine on which all is well, but for what a test says. */
async function lookedAt(over: Partial<Patient> & { readonly yaml?: string } = {}) {
  const { yaml = '', ...rest } = over;
  const patient: Patient = {
    env: { HOME: '/nobody', VALETKEY_HOME: '/nobody' },
    version: STATUS.version,
    node: 'v24.1.0',
    platform: 'linux',
    uid: 1000,
    addresses: ['127.0.0.1', '169.254.169.254'],
    hosts: { path: '/etc/hosts', text: HOSTS },
    config: parseConfig(yaml, 'config.yaml'),
    status: STATUS,
    endpoints: await endpointFacts(),
    now: NOW,
    ...rest,
  };
  const all = await Promise.all(CHECKS.map(async (check) => check(patient)));
  const findings = all.flat();
  return { findings, wrong: findings.filter(({ verdict }) => verdict !== 'ok') };
}

const about = (what: string) => expect.objectContaining({ about: what });

test('all is well: nothing but ok', async () => {
  const { findings, wrong } = await lookedAt();
  expect(wrong).toEqual([]);
  expect(findings.map((one) => one.about)).toEqual([
    'node',
    'configuration',
    'store',
    'daemon',
    'listener',
    'variables',
    'variables',
    'variables',
    'gcloud',
    'az',
  ]);
});

describe('valetkey itself', () => {
  test('a Node that is too old', async () => {
    const { wrong } = await lookedAt({ node: 'v18.20.0' });
    expect(wrong).toMatchObject([{ about: 'node', verdict: 'problem', found: 'v18.20.0' }]);
  });

  test('a system that does not say who asks', async () => {
    const { wrong } = await lookedAt({ platform: 'darwin' });
    expect(wrong).toMatchObject([{ about: 'system', verdict: 'note' }]);
  });

  test('a wrong configuration is told once, though nothing else can be looked at', async () => {
    const fault = new ValetkeyError('CONFIG_INVALID', { subject: 'config.yaml: listeners' });
    const { wrong } = await lookedAt({ config: fault, status: fault });
    expect(wrong).toMatchObject([{ about: 'configuration', verdict: 'problem' }]);
  });

  test('a locked store, and what opens it', async () => {
    const store = {
      ...STATUS.store,
      error: { code: 'STORE_LOCKED', hint: 'unlock it' } as const,
    };
    const { wrong } = await lookedAt({ status: { ...STATUS, store } });
    expect(wrong).toMatchObject([{ about: 'store', verdict: 'problem', mend: 'unlock it' }]);
    const unopened = await lookedAt({ status: new ValetkeyError('STORE_UNREACHABLE') });
    expect(unopened.wrong).toEqual([about('store')]);
  });

  test('a workload whose grants cannot be used', async () => {
    const error = { code: 'CONNECTOR_NOT_FOUND', subject: 'gone', hint: 'look' } as const;
    const workloads = [{ name: 'dev', grants: ['gone'], error }];
    const { wrong } = await lookedAt({ status: { ...STATUS, workloads } });
    expect(wrong).toMatchObject([{ about: 'workload dev', verdict: 'problem', mend: 'look' }]);
  });

  test('no daemon; one of another version; a listener that came into the file later', async () => {
    const none = await lookedAt({ status: { ...STATUS, mode: 'in-process', listeners: [] } });
    expect(none.wrong).toMatchObject([
      { about: 'daemon', verdict: 'note', mend: 'valetkey serve' },
    ]);
    const other = await lookedAt({ status: { ...STATUS, version: '0.0.9' } });
    expect(other.wrong).toMatchObject([{ about: 'daemon', mend: 'restart the daemon' }]);
    const later = await lookedAt({
      yaml: 'listeners: [{ address: "127.0.0.1:9911" }, { address: "127.0.0.1:9912" }, { address: "127.0.0.1:0" }]',
    });
    expect(later.wrong).toMatchObject([
      { about: 'listener', found: '127.0.0.1:9912 is configured and not open' },
    ]);
  });
});

describe('clients that are told nothing', () => {
  const status = {
    ...STATUS,
    listeners: [{ address: '169.254.169.254:80', endpoints: ['imds', 'gce-metadata'] }],
  };

  test('address and both names: well', async () => {
    const { wrong } = await lookedAt({ yaml: LINK_LOCAL, status });
    expect(wrong).toEqual([]);
  });

  test.for([
    ['linux', '169.254.169.254', 'sudo ip address add 169.254.169.254/32 dev lo'],
    ['darwin', '169.254.169.254', 'sudo ifconfig lo0 inet 169.254.169.254 alias'],
    ['linux', '[fd00:ec2::254]', 'sudo ip -6 address add fd00:ec2::254/128 dev lo'],
  ] as const)('%s without %s: %s', async ([platform, address, mend]) => {
    const { findings } = await lookedAt({
      platform,
      yaml: `listeners: [{ address: "${address}:80", endpoints: [imds] }]`,
      addresses: ['127.0.0.1'],
    });
    expect(findings).toContainEqual(expect.objectContaining({ about: 'address', mend }));
  });

  test.for([
    ['', 'has no metadata.google.internal and no metadata.google.internal.'],
    ['169.254.169.254 metadata.google.internal', 'has no metadata.google.internal.'],
    ['# 169.254.169.254 metadata.google.internal metadata.google.internal.', 'has no'],
    ['10.0.0.1 metadata.google.internal', 'metadata.google.internal is 10.0.0.1'],
    [undefined, 'cannot be read'],
  ] as const)('hosts: ‘%s’: %s', async ([text, found]) => {
    const { wrong } = await lookedAt({ yaml: LINK_LOCAL, status, hosts: { path: '/h', text } });
    expect(wrong).toHaveLength(1);
    expect(wrong[0]).toMatchObject({ about: 'hosts', verdict: 'problem' });
    expect(wrong[0]?.found).toContain(found);
    expect(wrong[0]?.mend).toContain(
      "echo '169.254.169.254 metadata.google.internal metadata.google.internal. metadata' | sudo tee -a /h",
    );
  });

  test('no names are needed where Google’s is not served', async () => {
    const yaml = 'listeners: [{ address: "169.254.169.254:80", endpoints: [imds] }]';
    const { wrong } = await lookedAt({ yaml, status, hosts: { path: '/h', text: '' } });
    expect(wrong).toEqual([]);
  });
});

describe('proxies', () => {
  const env = { HOME: '/nobody', http_proxy: 'http://user:planted@proxy:3128' };

  test('exec and env set their own exceptions: nothing to mend', async () => {
    expect((await lookedAt({ env })).wrong).toEqual([]);
  });

  test('a shell that is led to an endpoint, without an exception', async () => {
    const led = { ...env, GCE_METADATA_HOST: '127.0.0.1:4711', NO_PROXY: 'intra.example' };
    const { wrong } = await lookedAt({ env: led });
    expect(wrong).toMatchObject([
      {
        about: 'proxy',
        verdict: 'problem',
        mend: 'export NO_PROXY=intra.example,127.0.0.1 no_proxy=intra.example,127.0.0.1',
      },
    ]);
    expect(JSON.stringify(wrong)).not.toContain('planted');
  });

  test.for(['127.0.0.1', '*', 'a.example, 127.0.0.1'])('NO_PROXY ‘%s’ covers it', async (list) => {
    const led = { ...env, GCE_METADATA_HOST: '127.0.0.1:4711', NO_PROXY: list, no_proxy: list };
    expect((await lookedAt({ env: led })).wrong).toEqual([]);
  });

  test('the two spellings must agree: each is read by some clients', async () => {
    const led = {
      ...env,
      AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://127.0.0.1:1/v1/credentials',
      NO_PROXY: '127.0.0.1',
      no_proxy: 'intra.example',
    };
    expect((await lookedAt({ env: led })).wrong).toEqual([about('proxy')]);
  });

  test('link-local listeners: the addresses and Google’s name', async () => {
    const { wrong } = await lookedAt({
      env: { ...env, no_proxy: '169.254.169.254,.google.internal' },
      yaml: LINK_LOCAL,
      status: { ...STATUS, listeners: [{ address: '169.254.169.254:80', endpoints: [] }] },
    });
    expect(wrong).toEqual([]);
  });
});

describe('what wins over an endpoint', () => {
  test('variables, by name alone; worth a note, and a problem where an endpoint is used', async () => {
    const env = { HOME: '/nobody', AWS_ACCESS_KEY_ID: 'AKIAPLANTED', AWS_REGION: 'eu-west-1' };
    const { wrong } = await lookedAt({ env });
    expect(wrong).toMatchObject([
      { about: 'variables', verdict: 'note', mend: 'unset AWS_ACCESS_KEY_ID' },
    ]);
    expect(JSON.stringify(wrong)).not.toContain('AKIAPLANTED');
    const google = { HOME: '/nobody', GOOGLE_APPLICATION_CREDENTIALS: '/key.json' };
    const led = await lookedAt({ env: { ...google, GCE_METADATA_HOST: '127.0.0.1:1' } });
    expect(led.wrong).toMatchObject([{ about: 'variables', verdict: 'problem' }]);
  });

  test('what env itself sets does not count', async () => {
    const facts = await endpointFacts();
    const ours = facts.flatMap(({ sets }) => sets).map((name) => [name, '127.0.0.1:1']);
    const env = { HOME: '/nobody', ...Object.fromEntries(ours) };
    expect((await lookedAt({ env })).wrong).toEqual([]);
  });

  test('a person’s own [default] profile, where it has credentials', async () => {
    const home = await temporaryHome();
    await mkdir(join(home, '.aws'));
    await writeFile(join(home, '.aws/config'), '[default]\nregion = eu-west-1\n');
    expect((await lookedAt({ env: { HOME: home } })).wrong).toEqual([]);
    await writeFile(
      join(home, '.aws/credentials'),
      '[default]\naws_access_key_id = AKIAPLANTED\naws_secret_access_key = planted\n',
    );
    const { wrong } = await lookedAt({ env: { HOME: home } });
    expect(wrong).toMatchObject([{ about: 'AWS files', verdict: 'note' }]);
    expect(JSON.stringify(wrong)).not.toContain('lanted');
    const led = { HOME: home, AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://127.0.0.1:1/v1' };
    expect((await lookedAt({ env: led })).wrong).toMatchObject([{ verdict: 'problem' }]);
  });

  test('gcloud’s own: default credentials, account, a belief of some minutes', async () => {
    const home = await temporaryHome();
    const folder = join(home, '.config/gcloud');
    await mkdir(join(folder, 'configurations'), { recursive: true });
    await writeFile(join(folder, 'application_default_credentials.json'), '{}');
    await writeFile(
      join(folder, 'configurations/config_default'),
      '[compute]\naccount = no\n[core]\nproject = p\naccount = ada@example.com\n',
    );
    await writeFile(join(folder, 'gce'), 'False');
    await utimes(join(folder, 'gce'), NOW / 1000, NOW / 1000 - 300);
    const { wrong } = await lookedAt({ env: { HOME: home } });
    expect(wrong.map(({ verdict, mend }) => [verdict, mend])).toEqual([
      [
        'note',
        `mv ${folder}/application_default_credentials.json ${folder}/application_default_credentials.json.aside`,
      ],
      ['note', 'gcloud config unset account'],
      ['note', `rm ${folder}/gce`],
    ]);
    expect(wrong[1]?.found).toContain('ada@example.com');
    await utimes(join(folder, 'gce'), NOW / 1000, NOW / 1000 - 601);
    const later = await lookedAt({ env: { HOME: home, GCE_METADATA_HOST: '127.0.0.1:1' } });
    expect(later.wrong.map(({ verdict }) => verdict)).toEqual(['problem', 'problem']);
  });
});

describe('Azure', () => {
  async function loggedIn() {
    const home = await temporaryHome();
    await mkdir(join(home, '.azure'));
    const user = { name: 'ada@example.com', type: 'user' };
    const profile = { subscriptions: [{ id: '1', isDefault: true, user }] };
    await writeFile(join(home, '.azure/azureProfile.json'), JSON.stringify(profile));
    return home;
  }

  test('variables that come before a managed identity', async () => {
    const env = { HOME: '/nobody', AZURE_CLIENT_SECRET: 'planted', AZURE_CLIENT_ID: 'x' };
    const { wrong } = await lookedAt({ env });
    expect(wrong).toMatchObject([
      { about: 'variables', verdict: 'note', mend: 'unset AZURE_CLIENT_SECRET AZURE_CLIENT_ID' },
    ]);
    expect(JSON.stringify(wrong)).not.toContain('planted');
    const led = { ...env, IDENTITY_ENDPOINT: 'http://127.0.0.1:1/msi/token' };
    expect((await lookedAt({ env: led })).wrong).toMatchObject([{ verdict: 'problem' }]);
  });

  test('a person’s login of az: a note, and a problem where an endpoint is used', async () => {
    const HOME = await loggedIn();
    const { wrong } = await lookedAt({ env: { HOME } });
    expect(wrong).toMatchObject([{ about: 'az', verdict: 'note' }]);
    expect(wrong[0]?.found).toContain('ada@example.com');
    const env = { HOME, AZURE_POD_IDENTITY_AUTHORITY_HOST: 'http://127.0.0.1:1' };
    expect((await lookedAt({ env })).wrong).toMatchObject([{ about: 'az', verdict: 'problem' }]);
  });

  test('a workload of an Azure listener without a region', async () => {
    const yaml = (more: string) =>
      `listeners: [{ address: "127.0.0.1:0", endpoints: [azure-imds] }]\nworkloads: { dev: { grants: [{ connector: a }], clients: [{ listener: "127.0.0.1:0" }]${more} } }`;
    expect((await lookedAt({ yaml: yaml('') })).wrong).toMatchObject([
      { about: 'workload dev', verdict: 'note' },
    ]);
    const told = yaml(', azure: { location: westeurope }');
    expect((await lookedAt({ yaml: told })).wrong).toEqual([]);
  });

  const challenged = (folder: string, more = '') =>
    `listeners: [{ address: "127.0.0.1:0", endpoints: [azure-arc] }]\nazure_arc: { token_directory: "${folder}" }\nworkloads: { dev: { grants: [{ connector: a }], clients: [{ challenge: "127.0.0.1:0"${more} }] } }`;

  test('challenges: another folder than clients accept is told, a missing one is made', async () => {
    const folder = join(await temporaryHome(), 'a/b');
    const { findings, wrong } = await lookedAt({ yaml: challenged(folder) });
    expect(wrong).toMatchObject([{ about: 'challenges', verdict: 'note' }]);
    expect(findings.at(-1)).toMatchObject({ about: 'challenges', verdict: 'ok' });
  });

  test('challenges: a folder that cannot be written to, and a user whom no file can be given to', async () => {
    const file = join(await temporaryHome(), 'file');
    await writeFile(file, '', { mode: 0o600 });
    const { wrong } = await lookedAt({ yaml: challenged(join(file, 'below'), ', uid: 4242') });
    expect(wrong.slice(1)).toMatchObject([
      { verdict: 'problem', mend: `sudo install -d -m 755 -o 1000 ${file}/below` },
      { verdict: 'problem', found: 'a workload’s user is 4242, and this one is 1000' },
    ]);
    const root = await lookedAt({ uid: 0, yaml: challenged(join(file, 'below'), ', uid: 4242') });
    expect(root.wrong).toHaveLength(2);
  });
});

describe('the command', () => {
  const setting = async () => {
    const home = await temporaryHome();
    return {
      daemon: { endpoints: endpointFacts },
      env: { HOME: home, VALETKEY_HOME: home },
    };
  };

  test('no problem: exit 0; rows of what was found, what it means, what mends it', async () => {
    const { env, daemon } = await setting();
    const own = { ...env, AWS_PROFILE: 'dev' };
    const seen = await transcript(['doctor'], { env: own, daemon });
    expect(seen.code).toBe(0);
    expect(seen.stdout).toContain('AWS_PROFILE is set\n');
    expect(seen.stdout).toMatch(/\n +→ unset AWS_PROFILE\n/);
  });

  test('a problem: exit 1, also as data', async () => {
    const { env, daemon } = await setting();
    await writeFile(join(env.HOME, 'config.yaml'), 'nonsense: true\n');
    const seen = await transcript(['doctor', '-o', 'json'], { env, daemon });
    expect(seen.code).toBe(1);
    expect(seen.stderr).toBe('1 problem\n');
    expect(JSON.parse(seen.stdout)).toContainEqual(
      expect.objectContaining({ about: 'configuration', verdict: 'problem' }),
    );
  });
});
