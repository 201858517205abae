import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { expect, it } from 'vitest';

import { isStoreKind, STORE_KINDS, STORES } from '../../src/stores/index.ts';

it.each(STORE_KINDS)('knows the store %s by its own kind', async (kind) => {
  const definition = await STORES[kind]();
  expect(definition.kind).toBe(kind);
  expect(definition.title).not.toBe('');
  expect(definition.description).not.toBe('');
});

it('knows no other', () => {
  expect(isStoreKind('kernel-keyring')).toBe(false);
  expect(isStoreKind('toString')).toBe(false);
});

it('loads the keychain’s addon with that store, and with no other', async () => {
  const index = JSON.stringify(join(import.meta.dirname, '../../src/stores/index.ts'));
  const loaded = async (kind: string, options: object) => {
    const program = `
      const { openStore } = await import(${index});
      await openStore('${kind}', { directory: '/nowhere', service: 's', ...${JSON.stringify(options)} });
      const { sharedObjects } = process.report.getReport();
      console.log(sharedObjects.some((path) => path.includes('keyring')));
    `;
    const words = ['--input-type=module', '--eval', program];
    return (await promisify(execFile)(process.execPath, words, { env: {} })).stdout.trim();
  };
  expect(await loaded('memory', {})).toBe('false');
  expect(await loaded('encrypted-file', { keyFile: '/nowhere/key' })).toBe('false');
  expect(await loaded('keychain', {})).toBe('true');
});
