import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import { describe, expect, test } from 'vitest';

import { COMMANDS } from '../src/cli/commands/index.ts';
import { STORE_KINDS } from '../src/config/schema.ts';
import { CONNECTOR_TYPES } from '../src/connectors/index.ts';
import { HELPERS } from '../src/credential-helpers/index.ts';
import { ENDPOINTS } from '../src/endpoints/index.ts';
import { STORES } from '../src/stores/index.ts';

/*
 * What is extensible is one file, one line in its index, one suite and one row in the documents. A
 * module has a default export when, and only when, it is such an entry.
 */

const ROOT = resolve(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

interface Catalog {
  readonly name: string;
  /** Folder of the entries, relative to the repository. */
  readonly folder: string;
  /** By the name that its file must have. */
  readonly entries: Readonly<Record<string, unknown>>;
  /** Its row in the documents. */
  readonly documented: (key: string) => string;
  readonly document: string;
  /** Where its suite is run, and the text by which that can be seen. */
  readonly suite: (key: string) => { readonly folder: string; readonly called: RegExp };
}

const loaded = async (
  loaders: Readonly<Record<string, () => Promise<unknown>>>,
): Promise<Readonly<Record<string, unknown>>> =>
  Object.fromEntries(
    await Promise.all(Object.entries(loaders).map(async ([key, load]) => [key, await load()])),
  );

const catalogs: readonly Catalog[] = [
  ...Object.values(CONNECTOR_TYPES).flatMap(({ kind, authMethods, resourceTypes }) => [
    {
      name: `auth methods of ${kind}`,
      folder: `src/connectors/${kind}/auth-methods`,
      entries: authMethods,
      document: 'docs/connectors.md',
      documented: (key: string) => `\n#### \`${key}\`\n`,
      suite: (key: string) => specimen(kind, 'describeAuthMethods', key),
    },
    {
      name: `resource types of ${kind}`,
      folder: `src/connectors/${kind}/resource-types`,
      entries: resourceTypes,
      document: 'docs/connectors.md',
      documented: (key: string) => `\n#### \`${key}\`\n`,
      suite: (key: string) => specimen(kind, 'describeResourceTypes', key),
    },
  ]),
  {
    name: 'endpoints',
    folder: 'src/endpoints',
    entries: ENDPOINTS,
    document: 'docs/endpoints.md',
    documented: (key) => `\n| \`${key}\` | [`,
    suite: (key) => ({
      folder: 'test/endpoints',
      called: new RegExp(`vectors/${key}\\.ts'[^]*\\nendpointConformance\\(\\{[^}]*\\bvectors\\b`),
    }),
  },
  {
    name: 'credential helpers',
    folder: 'src/credential-helpers',
    entries: HELPERS,
    document: 'docs/endpoints.md',
    documented: (key) => `\n| \`${key}\` | [`,
    suite: () => ({ folder: 'test/credential-helpers', called: /serveControl\(/ }),
  },
  {
    name: 'stores',
    folder: 'src/stores',
    entries: await loaded(STORES),
    document: 'docs/config.md',
    documented: (key) => `\n| \`${key}\` | `,
    suite: (key) => ({
      folder: key === 'keychain' ? 'test/interop' : 'test/stores', // a keychain is a service of the machine
      called: new RegExp(`describeSecretStore\\('${key}'`),
    }),
  },
];

/** A type's entries are given to the suite together, each with a specimen under its own name. */
function specimen(type: string, suite: string, key: string) {
  return {
    folder: `test/connectors/${type}`,
    called: new RegExp(`\\b${suite}\\(${type},[^]*(?:'${key}'|\\b${key}\\b)(?::|,|\\()`),
  };
}

/** Files below a folder that have a default export, by their names without ending. */
async function entriesIn(folder: string): Promise<ReadonlyMap<string, unknown>> {
  const files = readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts'),
  );
  const modules = await Promise.all(
    files.map(async (file) => {
      const path = join(ROOT, folder, file);
      const module: object = await import(pathToFileURL(path).href);
      return 'default' in module ? [[basename(file, '.ts'), module.default] as const] : [];
    }),
  );
  return new Map(modules.flat());
}

describe.for(catalogs)('$name', ({ folder, entries, document, documented, suite }) => {
  test('every file is registered under its own name, and every key has its file', async () => {
    const files = await entriesIn(folder);
    expect(new Set(Object.keys(entries))).toEqual(new Set(files.keys()));
    for (const [key, entry] of Object.entries(entries)) {
      expect(files.get(key)).toBe(entry);
      expect(entry).toHaveProperty('kind', key);
    }
  });

  test.for(Object.keys(entries))('%s is in the documents', (key) => {
    expect(read(document)).toContain(documented(key));
  });

  test.for(Object.keys(entries))('%s is run through its suite', (key) => {
    const { folder: tests, called } = suite(key);
    const runs = readdirSync(join(ROOT, tests))
      .filter((file) => file.endsWith('.test.ts'))
      .filter((file) => called.test(read(`${tests}/${file}`)));
    expect(runs).not.toEqual([]);
  });
});

test('every endpoint has its table of vectors', () => {
  const missing = Object.keys(ENDPOINTS).filter(
    (key) => !existsSync(join(ROOT, 'test/vectors', `${key}.ts`)),
  );
  expect(missing).toEqual([]);
});

test('the configuration knows every store', () => {
  expect([...STORE_KINDS]).toEqual(Object.keys(STORES));
});

describe('commands', async () => {
  const files = await entriesIn('src/cli/commands');
  const tests = readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts') && !file.startsWith('docs'))
    .map((file) => read(`test/${file}`));

  test('every file is one command, and every command has its file', async () => {
    const commands = await Promise.all(COMMANDS.map(async (entry) => (await entry.load()).default));
    expect(new Set(commands)).toEqual(new Set(files.values()));
    expect(commands).toHaveLength(files.size);
  });

  test.for(COMMANDS.filter(({ hidden }) => hidden !== true))(
    '$path is in the documents',
    ({ path }) => {
      expect(read('docs/commands.md')).toContain(`\n## valetkey ${path}\n`);
    },
  );

  test.for(COMMANDS)('$path is run by a test', ({ path }) => {
    const typed = new RegExp(`['"\`](?:${path}|${path.replaceAll(' ', "', '")})['"\` ]`);
    expect(tests.filter((text) => typed.test(text)).length).toBeGreaterThan(0);
  });
});
