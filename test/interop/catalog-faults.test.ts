import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { startMoto, type MotoBed } from '../beds/moto.ts';
import { must, until, type Env } from '../beds/process.ts';
import { askEcs } from './credential-document.ts';
import { registerRole, roleWords, type Installation } from './harness.ts';
import { identityOf, listed, motoHome, names, roleOf } from './moto-home.ts';

/* What is registered survives whatever happens to the processes and files around it (invariant 9). */

let moto: MotoBed;
let home: Installation;
beforeAll(async () => {
  moto = await startMoto();
});
afterAll(() => moto?.stop());
beforeEach(async () => {
  home = await motoHome(moto);
});
afterEach(() => home.remove());

const identity = (connector: string) => identityOf(home, moto, connector);

describe('two people at once', () => {
  const registerAll = async (wanted: readonly string[]) => {
    const commands = await Promise.all(wanted.map((name) => roleWords(home, name, roleOf(moto))));
    return Promise.all(commands.map((words) => home.run(words)));
  };

  it.each(['without a daemon', 'with a daemon'])('one name: one of them wins, %s', async (how) => {
    const daemon = how === 'with a daemon' ? await home.serve() : undefined;
    for (let round = 0; round < 3; round++) {
      const outcomes = await registerAll([`same-${round}`, `same-${round}`]);
      expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set([0, 4]));
      expect(outcomes.find(({ status }) => status === 4)?.stderr).toContain('exists already');
    }
    expect(await names(home)).toEqual(['same-0', 'same-1', 'same-2']);
    expect(await identity('same-2')).toContain(':assumed-role/reader/');
    await daemon?.stop();
  });

  it('different names: all are there, and all work', async () => {
    const wanted = ['one', 'two', 'three', 'four'];
    const outcomes = await registerAll(wanted);
    expect(outcomes.map(({ status, stderr }) => ({ status, stderr }))).toEqual(
      outcomes.map(() => ({ status: 0, stderr: expect.stringContaining('registered') })),
    );
    expect(await names(home)).toEqual(wanted.toSorted());
    for (const name of wanted) {
      expect(await identity(name)).toContain(`/valetkey-${name}`);
    }
  });
});

describe('a connector file edited by hand', () => {
  const fileOf = (name: string) => join(home.home, 'connectors', `${name}.yaml`);

  const EDITS: readonly (readonly [string, (text: string) => string])[] = [
    ['no YAML', () => 'type: [aws'],
    ['another program’s file', () => '#!/bin/sh\necho hello\n'],
    ['nothing at all', () => ''],
    ['a key that does not exist', (text) => `${text}\ncolour: green\n`],
    ['a value of the wrong kind', (text) => text.replace(/^type: .*/m, 'type: 7')],
    ['an auth method that does not exist', (text) => text.replace('iam-role', 'iam-roll')],
  ];

  it('wrongly is told by name and harms no other', async () => {
    await registerRole(home, 'good', roleOf(moto), '--no-verify');
    await registerRole(home, 'bad', roleOf(moto), '--no-verify');
    const text = await readFile(fileOf('bad'), 'utf8');
    for (const [what, edit] of EDITS) {
      await writeFile(fileOf('bad'), edit(text));
      const shown = (await listed(home)).map(({ name, error }) => [name, error?.code]);
      expect({ what, shown }).toEqual({
        what,
        shown: [
          ['bad', 'CATALOG_CORRUPT'],
          ['good', undefined],
        ],
      });
      const { status, stderr } = await home.run(['connector', 'verify', 'bad']);
      expect({ what, status }).toEqual({ what, status: 5 });
      expect(stderr).toMatch(/error: .*bad/);
    }
    expect(await identity('good')).toContain(':assumed-role/reader/');
    await writeFile(fileOf('bad'), text);
    expect(await identity('bad')).toContain(':assumed-role/reader/');
  });

  it('while the daemon runs: its clients are told, others served, and mending it is enough', async () => {
    await registerRole(home, 'good', roleOf(moto), '--no-verify');
    await registerRole(home, 'bad', roleOf(moto), '--no-verify');
    const daemon = await home.serve();
    const [good, bad] = [
      await home.variables('--grant', 'good'),
      await home.variables('--grant', 'bad'),
    ];
    const statusIs = (env: Env, status: number) =>
      until(`status ${status}`, async () => (await askEcs(env)).status === status);
    await statusIs(bad, 200);
    const text = await readFile(fileOf('bad'), 'utf8');
    await writeFile(fileOf('bad'), 'type: [aws');
    await statusIs(bad, 400);
    await statusIs(good, 200);
    await writeFile(fileOf('bad'), text);
    await statusIs(bad, 200);
    await daemon.stop();
  });
});

describe('a full disk', () => {
  const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' };
  let disk: string;
  beforeEach(async () => {
    disk = await mkdtemp(join(tmpdir(), 'vk-disk-'));
    await must('mount', ['-t', 'tmpfs', '-o', 'size=256k,nr_inodes=64', 'tmpfs', disk], { env });
    await home.remove();
    home = await motoHome(moto, join(disk, 'home'));
  });
  afterEach(async () => {
    await must('umount', [disk], { env });
    await rm(disk, { recursive: true });
  });

  const fill = () => writeFile(join(disk, 'ballast'), Buffer.alloc(1_048_576)).catch(() => {});

  it('keeps what was registered and says why nothing more can be', async () => {
    await registerRole(home, 'first', roleOf(moto));
    await fill();
    const refused = await home.run(await roleWords(home, 'second', roleOf(moto), '--no-verify'));
    expect(refused.status).toBe(5);
    expect(refused.stderr).toContain('the disk is full');
    expect(await names(home)).toEqual(['first']);
    expect(await identity('first')).toContain(':assumed-role/reader/');

    await rm(join(disk, 'ballast'));
    await registerRole(home, 'second', roleOf(moto));
    expect(await names(home)).toEqual(['first', 'second']);
    expect(await identity('second')).toContain(':assumed-role/reader/');
  });

  it('does not stop a running daemon from serving, nor from starting', async () => {
    await registerRole(home, 'first', roleOf(moto));
    const daemon = await home.serve();
    const client = await home.variables('--grant', 'first');
    await fill();
    expect((await askEcs(client)).status).toBe(200);
    expect(await daemon.output()).toContain('the audit trail cannot be written');
    await daemon.stop();

    const again = await home.serve();
    expect(await identity('first')).toContain(':assumed-role/reader/');
    await again.stop();
  });

  it('is told for a catalog folder that can take no more files', async () => {
    await registerRole(home, 'first', roleOf(moto));
    await mkdir(join(disk, 'many'));
    const made = Array.from({ length: 64 }, (_, n) => writeFile(join(disk, 'many', `${n}`), ''));
    await Promise.allSettled(made);
    const refused = await home.run(await roleWords(home, 'second', roleOf(moto), '--no-verify'));
    expect(refused.status).toBe(5);
    expect(await names(home)).toEqual(['first']);
    expect(await identity('first')).toContain(':assumed-role/reader/');
  });
});
