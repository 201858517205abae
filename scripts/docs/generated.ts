import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { commandSections } from './commands.ts';
import { configSchema, keyTable, storeTable } from './config.ts';
import { connectorSections } from './connectors.ts';
import { endpointTable, helperTable, statusTable, variableTables } from './endpoints.ts';
import { errorTable, exitTable } from './errors.ts';
import { replaceSection } from './text.ts';

export const ROOT = resolve(import.meta.dirname, '../..');

type Content = string | Promise<string>;

/** What is made from data, by file and by the name of the section's markers. */
const SECTIONS: Readonly<Record<string, Readonly<Record<string, () => Content>>>> = {
  'README.md': { endpoints: endpointTable },
  'docs/commands.md': { commands: commandSections },
  'docs/config.md': { keys: keyTable, stores: storeTable },
  'docs/connectors.md': { connectors: connectorSections },
  'docs/endpoints.md': {
    endpoints: endpointTable,
    helpers: helperTable,
    statuses: statusTable,
    variables: variableTables,
  },
  'docs/errors.md': { 'exit-codes': exitTable, errors: errorTable },
};

/** Files that are made from data as a whole. */
const FILES: Readonly<Record<string, () => Content>> = {
  'docs/config.schema.json': configSchema,
};

export interface GeneratedFile {
  /** Relative to the repository. */
  readonly path: string;
  readonly current: string;
  readonly wanted: string;
}

/** Every file with something generated in it, as it is and as it should be. */
export function generatedFiles(): Promise<readonly GeneratedFile[]> {
  return Promise.all([
    ...Object.entries(SECTIONS).map(async ([path, sections]) => {
      const current = await readFile(join(ROOT, path), 'utf8');
      let wanted = current;
      for (const [name, content] of Object.entries(sections)) {
        wanted = replaceSection(wanted, name, await content());
      }
      return { path, current, wanted };
    }),
    ...Object.entries(FILES).map(async ([path, content]) => ({
      path,
      current: await readFile(join(ROOT, path), 'utf8').catch(() => ''),
      wanted: await content(),
    })),
  ]);
}
