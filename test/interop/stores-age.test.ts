import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { SecretId } from '../../src/core/ids.ts';
import { writeFileAtomically } from '../../src/files/atomic-write.ts';
import encryptedFile from '../../src/stores/encrypted-file.ts';
import { must } from '../beds/process.ts';
import { AWKWARD, failure, fieldsOf, plainOf } from '../conformance/secret-store.ts';

const PASSPHRASE = 'six words that nobody would guess';
const env = { PATH: '/usr/local/bin:/usr/bin:/bin', LANG: 'C.UTF-8' };
const id = (text: string) => SecretId.parse(text);

let home: string;
let directory: string;
let keyFile: string;
const open = () => encryptedFile.open({ directory, keyFile, service: 'valetkey-test' });
const sealed = () => join(directory, 'secrets.age');

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'valetkey-age-'));
  directory = join(home, 'secrets');
  keyFile = join(home, 'key.txt');
});
afterEach(() => rm(home, { recursive: true, force: true }));

/** `age` reads a passphrase from its terminal alone, so it gets one. */
function ageWithPassphrase(command: string): Promise<string> {
  const input = `${PASSPHRASE}\n${PASSPHRASE}\n`;
  return must('script', ['--quiet', '--return', '--command', command, '/dev/null'], { env, input });
}

const ITEMS = Object.fromEntries(
  Object.entries(AWKWARD).map(([, value], index) => [`item-${index}`, { field: value }]),
);

async function fill(): Promise<void> {
  const store = await open();
  for (const [name, plain] of Object.entries(ITEMS)) await store.set(id(name), fieldsOf(plain));
}

async function expectItems(): Promise<void> {
  const store = await open();
  expect((await store.list()).toSorted()).toEqual(Object.keys(ITEMS).toSorted());
  for (const [name, plain] of Object.entries(ITEMS)) {
    expect(plainOf(await store.get(id(name)))).toEqual(plain);
  }
}

describe('the encrypted file and the age tool', () => {
  it('share a file with the identity that age-keygen makes', async () => {
    await must('age-keygen', ['-o', keyFile], { env });
    await fill();
    const text = await must('age', ['--decrypt', '--identity', keyFile, sealed()], { env });
    expect(JSON.parse(text)).toEqual({ version: 1, items: ITEMS });

    const recipient = (await must('age-keygen', ['-y', keyFile], { env })).trim();
    const words = ['--encrypt', '--recipient', recipient, '--output', sealed()];
    await must('age', words, { env, input: text });
    await expectItems();
    await (await open()).set(id('more'), fieldsOf({ field: '1' }));
    const after = await must('age', ['--decrypt', '--identity', keyFile, sealed()], { env });
    expect(JSON.parse(after)).toEqual({ version: 1, items: { ...ITEMS, more: { field: '1' } } });
  });

  it('share a file with a passphrase', async () => {
    await writeFileAtomically(keyFile, `${PASSPHRASE}\n`);
    const store = await open();
    await store.set(id('item'), fieldsOf({ field: '1' }));
    const opened = join(home, 'opened.json');
    await ageWithPassphrase(`age --decrypt --output ${opened} ${sealed()}`);
    expect(JSON.parse(await readFile(opened, 'utf8'))).toEqual({
      version: 1,
      items: { item: { field: '1' } },
    });

    await writeFile(opened, JSON.stringify({ version: 1, items: ITEMS }));
    await rm(sealed());
    await ageWithPassphrase(`age --passphrase --output ${sealed()} ${opened}`);
    expect(await readFile(sealed(), 'latin1')).toMatch(/^age-encryption\.org\/v1\n-> scrypt /);
    await expectItems();
    expect(plainOf(await store.get(id('item-1')))).toEqual(ITEMS['item-1']);
  });

  it('both refuse a file made for somebody else', async () => {
    await must('age-keygen', ['-o', keyFile], { env });
    await fill();
    await rm(keyFile);
    await must('age-keygen', ['-o', keyFile], { env });
    await expect((await open()).list()).rejects.toMatchObject(failure('STORE_LOCKED'));
    await expect(must('age', ['--decrypt', '-i', keyFile, sealed()], { env })).rejects.toThrow(
      'no identity matched',
    );
  });
});
