import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

import { expect, test } from 'vitest';

const SRC = resolve(import.meta.dirname, '../src');

/**
 * Who may import whom: an allow-list by folder (or single file), most special row first. A file
 * belongs to the first row that its path starts with; what no row covers is an error. `types` may be
 * imported with `import type` alone.
 */
const ROWS: readonly {
  readonly of: string;
  readonly may: readonly string[];
  readonly types?: readonly string[];
}[] = [
  { of: 'core/', may: [] },
  { of: 'files/', may: ['core/'] },
  { of: 'config/', may: ['core/'] },
  { of: 'endpoints/', may: ['core/'] },
  { of: 'credential-helpers/', may: ['core/'], types: ['control/'] },
  { of: 'stores/', may: ['core/', 'files/'] },
  { of: 'catalog/', may: ['core/', 'files/'] },
  { of: 'workloads/', may: ['core/', 'files/'], types: ['endpoints/contract.ts'] },
  { of: 'telemetry/', may: ['core/'] },
  { of: 'control/', may: ['core/'] },
  { of: 'connectors/contract.ts', may: ['core/'], types: ['connectors/own-use.ts'] },
  { of: 'connectors/own-use.ts', may: ['core/'] },
  { of: 'connectors/index.ts', may: ['connectors/'] },
  { of: 'connectors/input.ts', may: ['core/'], types: ['connectors/contract.ts'] },
  { of: 'connectors/validated.ts', may: ['core/'], types: ['connectors/contract.ts'] },
  {
    of: 'connectors/scope.ts',
    may: ['core/', 'connectors/input.ts'],
    types: ['catalog/record.ts', 'connectors/contract.ts'],
  },
  { of: 'connectors/same-login.ts', may: [], types: ['stores/contract.ts'] },
  {
    of: 'connectors/issue.ts',
    may: [
      'core/',
      'connectors/input.ts',
      'connectors/same-login.ts',
      'connectors/scope.ts',
      'connectors/validated.ts',
    ],
    types: ['catalog/record.ts', 'connectors/contract.ts', 'stores/contract.ts'],
  },
  { of: 'connectors/fields/', may: ['core/'] },
  {
    of: 'connectors/outbound/',
    may: ['core/', 'files/', 'connectors/fields/'],
    types: ['connectors/contract.ts'],
  },
  {
    of: 'connectors/aws/',
    may: [
      'core/',
      'files/',
      'connectors/contract.ts',
      'connectors/fields/',
      'connectors/outbound/',
    ],
  },
  {
    of: 'connectors/gcp/',
    may: [
      'core/',
      'files/',
      'connectors/contract.ts',
      'connectors/fields/',
      'connectors/outbound/',
    ],
  },
  {
    of: 'connectors/azure/',
    may: [
      'core/',
      'files/',
      'connectors/contract.ts',
      'connectors/fields/',
      'connectors/outbound/',
    ],
    types: ['connectors/own-use.ts'],
  },
  { of: 'broker/', may: ['core/'] },
  { of: 'server/', may: ['core/', 'endpoints/'] },
  {
    of: 'service/',
    may: ['core/', 'config/', 'catalog/', 'connectors/input.ts', 'control/', 'broker/', 'stores/'],
    types: [
      'connectors/contract.ts',
      'connectors/issue.ts',
      'connectors/own-use.ts',
      'files/write-lock.ts',
    ],
  },
  { of: 'stand-ins/', may: ['core/'] },
  {
    of: 'composition/',
    may: [
      'core/',
      'files/',
      'config/',
      'endpoints/',
      'workloads/',
      'telemetry/',
      'control/',
      'connectors/',
      'catalog/',
      'broker/',
      'server/',
      'service/',
      'stores/',
      'daemon.ts',
    ],
  },
  {
    of: 'daemon.ts',
    may: [
      'core/',
      'files/',
      'config/',
      'endpoints/',
      'workloads/',
      'telemetry/',
      'control/',
      'catalog/',
      'broker/',
      'service/',
      'composition/',
    ],
  },
  {
    of: 'demo/',
    may: [
      'broker/renewal.ts',
      'endpoints/',
      'core/',
      'config/',
      'control/',
      'composition/',
      'stand-ins/',
      'daemon.ts',
    ],
  },
  { of: 'cli/', may: ['core/', 'files/', 'config/', 'control/', 'credential-helpers/'] },
  {
    of: 'main.ts',
    may: [
      'core/',
      'config/',
      'files/socket-owner.ts',
      'cli/',
      'composition/command-line.ts',
      'credential-helpers/',
      'demo/',
      'endpoints/',
      'control/',
    ],
  },
];

interface Import {
  readonly from: string;
  readonly to: string;
  readonly typeOnly: boolean;
}

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.ts'),
);
const imports = files.flatMap(importsOf);

function importsOf(file: string): readonly Import[] {
  const text = readFileSync(join(SRC, file), 'utf8');
  const found: Import[] = [];
  for (const match of text.matchAll(
    /(?:^|\n)\s*(?:import|export)\s+(type\s+)?(?:[^'";]*?\sfrom\s+)?'([^']+)'/g,
  )) {
    found.push(...resolved(file, match[2] ?? '', match[1] !== undefined));
  }
  for (const match of text.matchAll(/\bimport\(\s*'([^']+)'\s*\)/g)) {
    found.push(...resolved(file, match[1] ?? '', false));
  }
  return found;
}

function resolved(file: string, specifier: string, typeOnly: boolean): readonly Import[] {
  if (!specifier.startsWith('.')) return [];
  const to = relative(SRC, resolve(join(SRC, dirname(file)), specifier));
  return to.startsWith('..') ? [] : [{ from: file, to, typeOnly }];
}

const rowOf = (file: string) => ROWS.find(({ of }) => file.startsWith(of));

test('every file belongs to a row', () => {
  expect(files.filter((file) => rowOf(file) === undefined)).toEqual([]);
});

test('imports go in the allowed directions only', () => {
  expect(imports.length).toBeGreaterThan(200);
  const wrong = imports.filter(({ from, to, typeOnly }) => {
    const row = rowOf(from);
    if (row === undefined || to.startsWith(row.of)) return false;
    const allowed = typeOnly ? [...row.may, ...(row.types ?? [])] : row.may;
    return !allowed.some((target) => to.startsWith(target));
  });
  expect(wrong.map(({ from, to }) => `${from} → ${to}`)).toEqual([]);
});

test('every import names a file with its ending', () => {
  expect(imports.filter(({ to }) => !files.includes(to) && !to.endsWith('.json'))).toEqual([]);
});

test('no source file is longer than 250 lines', () => {
  const long = files.filter(
    (file) => readFileSync(join(SRC, file), 'utf8').split('\n').length > 251,
  );
  expect(long).toEqual([]);
});
