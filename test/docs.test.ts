import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, normalize, resolve } from 'node:path';

import { describe, expect, test } from 'vitest';

import { generatedFiles } from '../scripts/docs/generated.ts';
import { parseAttributes } from '../src/cli/attributes.ts';
import { targetOf } from '../src/cli/target.ts';
import { parseConfig } from '../src/config/load.ts';
import { CONNECTOR_TYPES } from '../src/connectors/index.ts';
import { fieldsOf } from '../src/service/describe-types.ts';
import { understand, writtenCommands } from './support/documented-commands.ts';
import { codeBlocks, fragments, links } from './support/markdown.ts';

const ROOT = resolve(import.meta.dirname, '..');
const tracked = execFileSync('git', ['ls-files', '-z'], { cwd: ROOT, encoding: 'utf8' })
  .split('\0')
  .filter((path) => path !== '' && existsSync(join(ROOT, path)));
const documents = tracked.filter((path) => path.endsWith('.md'));

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

describe('generated documents', async () => {
  test.for(await generatedFiles())('$path is what the code says', ({ current, wanted }) => {
    expect(current).toBe(wanted);
  });
});

describe('links', () => {
  test.for(documents)('every link of %s leads somewhere', (document) => {
    const broken = links(read(document)).filter(
      (target) => !/^[a-z]+:/.test(target) && !resolves(document, target),
    );
    expect(broken).toEqual([]);
  });
});

const written = documents.flatMap((document) =>
  writtenCommands(read(document)).map((command) => ({ ...command, document })),
);

describe('commands in documents', () => {
  test('there are some to look at', () => {
    expect(written.length).toBeGreaterThan(60);
  });

  test.for(written)('$document: $line', async (command) => {
    const understood = await understand(command);
    if (understood === undefined) return;
    const { path, args, options } = understood;
    if (TARGETED.has(path))
      targetOf(
        args[0] === undefined || path === 'exec' ? options : { workload: args[0], ...options },
      );
    if (!ATTRIBUTED.has(path)) return;
    const known = fieldNames(options);
    expect(
      Object.keys(parseAttributes(args).attributes).filter((name) => !known.has(name)),
    ).toEqual([]);
  });

  const TARGETED = new Set(['credential-process', 'env', 'exec']);
  const ATTRIBUTED = new Set(['connector register', 'connector update']);
});

const EXAMPLES = ['docs/config.md', 'docs/google.md', 'docs/azure.md'].flatMap((path) =>
  codeBlocks(read(path)),
);

test.for(EXAMPLES.filter(({ language }) => language === 'yaml'))(
  'example configuration %#',
  ({ text }) => {
    expect(parseConfig(text, 'config.yaml')).toBeDefined();
  },
);

test('every npm script that a document names is there', () => {
  const scripts: unknown = JSON.parse(read('package.json')).scripts;
  const named = documents
    .flatMap((document) => [...read(document).matchAll(/\bnpm run ([\w:-]+)/g)])
    .map(([, name = '']) => name);
  expect(named.length).toBeGreaterThan(5);
  for (const name of named) expect(scripts).toHaveProperty([name]);
});

test('no file tells of the machine it was written on, or where its packages came from', () => {
  const REGISTRY = /\b(?:registry|index-url|proxy)\s*=\s*["']?https?:|"resolved":\s*"https?:/i;
  const places = [ROOT, `${homedir()}/`, registryHost()].filter((place) => place !== undefined);
  const telling = tracked.filter((path) => {
    const text = read(path);
    return REGISTRY.test(text) || places.some((place) => text.includes(place));
  });
  expect(telling).toEqual([]);
});

/** The registry that npm uses here, unless it is the public one. */
function registryHost(): string | undefined {
  const url = process.env['npm_config_registry'] ?? '';
  const host = URL.canParse(url) ? new URL(url).host : undefined;
  return host === undefined || host.endsWith('.npmjs.org') ? undefined : host;
}

function resolves(document: string, target: string): boolean {
  const [path = '', fragment] = target.split('#');
  const file = path === '' ? document : normalize(join(dirname(document), path));
  if (!tracked.includes(file)) return false;
  return fragment === undefined || fragments(read(file)).has(fragment);
}

/** Of the method that is named, or of any. */
function fieldNames({ type, authMethod }: Readonly<Record<string, unknown>>): Set<string> {
  const methods = Object.values(CONNECTOR_TYPES)
    .filter(({ kind }) => type === undefined || type === kind)
    .flatMap(({ authMethods }) => Object.values(authMethods))
    .filter(({ kind }) => authMethod === undefined || authMethod === kind);
  return new Set(methods.flatMap(fieldsOf).map(({ name }) => name));
}
