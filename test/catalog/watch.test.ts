import { cp, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, onTestFinished, test, vi } from 'vitest';

import { openCatalog } from '../../src/catalog/catalog.ts';
import { ConnectorName } from '../../src/core/ids.ts';
import { temporaryHome } from '../support/home.ts';

async function setup() {
  const folder = join(await temporaryHome(), 'connectors');
  const catalog = openCatalog(folder);
  await mkdir(folder);
  const record = (name: string) => ({
    id: '6ae1436b-1f32-419c-9b49-91968cdd8b26',
    name: ConnectorName.parse(name),
    type: 'aws',
    auth_method: 'profile',
    labels: {},
    config: {},
    secret_fields: [],
    allow_unscoped: false,
    created_at: '2026-11-02T09:00:00Z',
    updated_at: '2026-11-02T09:00:00Z',
  });
  await catalog.create(record('a'));
  await catalog.create(record('b'));
  const told: string[][] = [];
  onTestFinished(catalog.watch((names) => told.push([...names])));
  // The watch has begun when a change is noticed.
  await vi.waitFor(async () => {
    await catalog.replace({ ...record('b'), config: { n: Math.random() } });
    expect(told.flat()).toContain('b');
  });
  told.length = 0;
  return { folder, catalog, told };
}

const gone = (told: string[][], name: string) =>
  vi.waitFor(() => expect(told.flat()).toContain(name), { timeout: 5_000 });

test('a folder that is replaced by another one is watched on', async () => {
  const { folder, catalog, told } = await setup();
  await rename(folder, `${folder}.old`);
  await cp(`${folder}.old`, folder, { recursive: true });
  await new Promise((resolve) => setTimeout(resolve, 300));
  told.length = 0;
  await catalog.remove(ConnectorName.parse('a'));
  await gone(told, 'a');
});

test('a folder that is removed takes its connectors with it, and is watched when it is back', async () => {
  const { folder, catalog, told } = await setup();
  await cp(folder, `${folder}.old`, { recursive: true });
  await rm(folder, { recursive: true });
  await gone(told, 'a');
  await cp(`${folder}.old`, folder, { recursive: true });
  await vi.waitFor(() => expect(told.at(-1)).toEqual([]), { timeout: 5_000 }); // they are new
  told.length = 0;
  await catalog.remove(ConnectorName.parse('a'));
  await gone(told, 'a');
});
