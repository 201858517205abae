import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { loadConfig, parseConfig } from '../../src/config/load.ts';
import { resolvePaths } from '../../src/config/paths.ts';
import { ValetkeyError } from '../../src/core/errors.ts';
import { temporaryHome } from '../support/home.ts';

function failure(text: string): ValetkeyError {
  try {
    parseConfig(text, 'config.yaml');
  } catch (error) {
    if (error instanceof ValetkeyError) return error;
  }
  throw new Error('it was accepted');
}

/** What is wrong below `grants[0]` and `gcp`, and its path below the workload. */
const GCP_CASES = (
  [
    ['scopes: []', '', 'grants.0.scopes'],
    ['scopes: [a b]', '', 'grants.0.scopes.0'],
    ['audiences: [""]', '', 'grants.0.audiences.0'],
    ['', 'project_id: "123456789"', 'gcp.project_id'],
    ['', 'project_number: 12345', 'gcp.project_number'],
    ['', 'zone: Europe', 'gcp.zone'],
    ['', 'instance_name: Web_1', 'gcp.instance_name'],
    ['', 'machine_type: projects/1/machineTypes/x', 'gcp.machine_type'],
    ['', 'attributes: { "a/b": c }', 'gcp.attributes.a/b'],
    ['', 'metadata: {}', 'gcp.metadata'],
  ] as const
).map(([grant, gcp, path]): [string, string] => [
  `workloads: { dev: { grants: [{ connector: a${grant && `, ${grant}`} }], gcp: { ${gcp} } } }`,
  `workloads.dev.${path}`,
]);

describe('a wrong configuration names the key', () => {
  const cases: readonly [string, string][] = [
    ['listners: []', 'listners'],
    ['listeners: [{ address: "127.0.0.1:1", port: 2 }]', 'listeners.0.port'],
    ['listeners: [{}]', 'listeners.0.address'],
    ['workloads: { dev: { grants: [] } }', 'workloads.dev.grants'],
    [
      'workloads: { dev: { grants: [{ connector: a, access: admin }] } }',
      'workloads.dev.grants.0.access',
    ],
    ['workloads: { "Bad Name": { grants: [{ connector: a }] } }', 'workloads.Bad Name'],
    ['workloads: { dev: { grants: [{ connector: "../x" }] } }', 'workloads.dev.grants.0.connector'],
    [
      'workloads: { dev: { grants: [{ connector: a }], aws: { imds_v1: maybe } } }',
      'workloads.dev.aws.imds_v1',
    ],
    ...GCP_CASES,
    ['store: { kind: plaintext }', 'store.kind'],
    ['policy: { implicit: { allow: ["everyone"] } }', 'policy.implicit.allow.0'],
    ['pod_identity: { audience: x }', 'pod_identity.jwks_file'],
    ['log: { level: loud }', 'log.level'],
    [
      'workloads: { dev: { grants: [{ connector: a }], clients: [{ listener: "127.0.0.1:1" }] } }',
      'workloads.dev.clients.0.listener',
    ],
  ];
  test.each(cases)('%s', (text, key) => {
    const error = failure(text);
    expect(error.code).toBe('CONFIG_INVALID');
    expect(error.subject).toBe(`config.yaml: ${key}`);
    expect(error.hint).toBeDefined();
  });

  test.each(['workloads: *x', bomb()])('an alias that leads nowhere, or to too much', (text) => {
    expect(failure(text)).toMatchObject({ code: 'CONFIG_INVALID', subject: 'config.yaml' });
  });

  test('what is not YAML names the line', () => {
    expect(failure('listeners:\n  - {').subject).toMatch(/^config\.yaml:\d+$/);
    expect(failure('a: 1\na: 2').subject).toMatch(/^config\.yaml:2$/);
  });
});

describe('the environment wins', () => {
  test('VALETKEY_STORE, VALETKEY_PASSPHRASE_FILE', async () => {
    const home = await temporaryHome('store: { kind: mounted-files, mount: /m }\n');
    const load = (env: object) =>
      loadConfig(join(home, 'config.yaml'), env as Record<string, string>);
    expect((await load({})).store).toMatchObject({ kind: 'mounted-files', mount: '/m' });
    expect(
      (await load({ VALETKEY_STORE: 'encrypted-file', VALETKEY_PASSPHRASE_FILE: '/p' })).store,
    ).toMatchObject({
      kind: 'encrypted-file',
      key_file: '/p',
    });
    await expect(load({ VALETKEY_STORE: 'plaintext' })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      subject: 'VALETKEY_STORE',
    });
  });

  test('no file is the default configuration: keychain, loopback, nobody granted anything', async () => {
    const config = await loadConfig(join(await temporaryHome(), 'config.yaml'), {});
    expect(config.store?.kind).toBe('keychain');
    expect(config.listeners).toEqual([{ address: '127.0.0.1:9911' }]);
    expect(config.workloads).toEqual({});
    expect(config.policy.implicit.allow).toEqual([]);
  });

  test('a file that is a folder is unreadable, not absent', async () => {
    await expect(loadConfig(await temporaryHome(), {})).rejects.toMatchObject({
      code: 'CONFIG_UNREADABLE',
    });
  });

  test('VALETKEY_HOME holds everything; VALETKEY_CONFIG moves the configuration alone', () => {
    const paths = resolvePaths({ VALETKEY_HOME: '/h', VALETKEY_CONFIG: '/c.yaml' });
    expect(paths.config).toBe('/c.yaml');
    const { config: _config, ...kept } = paths;
    expect(Object.values(kept).every((path) => path.startsWith('/h'))).toBe(true);
  });
});

/** "Billion laughs": nine levels of nine aliases. */
function bomb(): string {
  const level = (n: number) =>
    `l${n}: &l${n} [${Array(9)
      .fill(`*l${n - 1}`)
      .join(', ')}]`;
  return ['l0: &l0 [x]', ...Array.from({ length: 9 }, (_, n) => level(n + 1))].join('\n');
}

test('a file that was named must be there; the usual one need not', async () => {
  const path = join(await temporaryHome(), 'config.yaml');
  expect((await loadConfig(path, {})).listeners).toHaveLength(1);
  const named = loadConfig(path, {}, { required: true });
  await expect(named).rejects.toMatchObject({ code: 'CONFIG_UNREADABLE', subject: path });
});
