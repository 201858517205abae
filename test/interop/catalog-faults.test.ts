import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { watch } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { generateIdentity } from 'age-encryption';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { connectControl } from '../../src/control/client.ts';
import { startMoto, type MotoBed } from '../beds/moto.ts';
import { must, until, type Env } from '../beds/process.ts';
import { answer, clients, type Client } from './clients.ts';
import { askEcs } from './credential-document.ts';
import {
  checkout,
  execWords,
  install,
  registerRole,
  roleWords,
  type Installation,
} from './harness.ts';

/* What is registered survives whatever happens to the processes and files around it (invariant 9). */

const [boto3] = clients as readonly [Client, ...Client[]];

let moto: MotoBed;
let home: Installation;
beforeAll(async () => {
  moto = await startMoto();
});
afterAll(() => moto?.stop());
beforeEach(async () => {
  home = await newHome();
});
afterEach(() => home.remove());

const role = () => ({ keys: moto.svc, roleArn: moto.roleArn });

const newHome = async (place?: string): Promise<Installation> =>
  install({
    env: { AWS_ENDPOINT_URL: moto.endpoint },
    // An identity instead of a passphrase: nothing to be derived, so that kills meet writes.
    key: await generateIdentity(),
    ...(place === undefined ? {} : { home: place }),
  });

interface Listed {
  readonly name: string;
  readonly error?: { readonly code: string };
}

const list = async (): Promise<readonly Listed[]> =>
  JSON.parse(await home.must(['connector', 'list', '--output', 'json'])) as Listed[];
const names = async () => (await list()).map(({ name }) => name);

/** Whoever the connector's credentials are, as moto sees a client that was given them. */
async function identityOf(connector: string): Promise<unknown> {
  const env = { ...home.names, ...moto.env };
  return answer(await boto3.run('identity', [], env, { inside: execWords(connector) }))['arn'];
}

describe('kill -9 during connector register', () => {
  const ROUNDS = 200;
  const node = join(checkout, 'node_modules/node/bin/node');
  const main = join(checkout, 'src/main.ts');

  /** The exit code, or `undefined` for one that was killed at the moment that `when` chooses. */
  async function registerAndKill(
    words: readonly string[],
    when: (kill: () => void) => () => void,
  ): Promise<number | undefined> {
    const child = spawn(node, [main, ...words], { env: { ...home.env }, stdio: 'ignore' });
    const cancel = when(() => child.kill('SIGKILL'));
    const [code] = (await once(child, 'exit')) as [number | null];
    cancel();
    return code ?? undefined;
  }

  /** Some time in the life of a command that takes so long. */
  const atRandom = (lifeMs: number) => (kill: () => void) => {
    const timer = setTimeout(kill, Math.random() * lifeMs * 1.2);
    return () => clearTimeout(timer);
  };

  /** While it writes: a moment after a file of the home has changed for the first time. */
  const atWrite = (kill: () => void) => {
    let timer: NodeJS.Timeout | undefined;
    const watcher = watch(home.home, { recursive: true }, () => {
      timer ??= setTimeout(kill, Math.random() * 120);
    });
    return () => {
      clearTimeout(timer);
      watcher.close();
    };
  };

  it(`${ROUNDS} times: whole or not at all`, { timeout: 300_000 }, async () => {
    const started = performance.now();
    await registerRole(home, 'first', role(), '--no-verify');
    const lifeMs = performance.now() - started;
    const done: string[] = ['first'];
    const killed: string[] = [];
    const codes = new Set<number | undefined>();
    const left = Array.from({ length: ROUNDS }, (_, round) => round);
    const work = async () => {
      for (let round = left.pop(); round !== undefined; round = left.pop()) {
        const name = `round-${round}`;
        const words = await roleWords(home, name, role(), '--no-verify');
        const code = await registerAndKill(words, round % 2 === 0 ? atWrite : atRandom(lifeMs));
        codes.add(code);
        (code === undefined ? killed : done).push(name);
      }
    };
    await Promise.all([work(), work()]);
    expect(codes).toEqual(new Set([0, undefined]));
    expect(killed.length).toBeGreaterThan(ROUNDS / 4);

    const listed = await list();
    expect(listed.filter(({ error }) => error !== undefined)).toEqual([]);
    expect(listed.map(({ name }) => name)).toEqual(expect.arrayContaining(done));
    expect([...done, ...killed]).toEqual(expect.arrayContaining(listed.map(({ name }) => name)));

    const daemon = await home.serve();
    const api = connectControl(join(home.home, 'run/control.sock'));
    for (const { name } of listed) {
      const { principal } = await api.verify({ name, resource_type: 'aws-generic' });
      expect(principal).toContain(':assumed-role/reader/');
    }
    await daemon.stop();

    const absent = killed.filter((name) => !listed.some((one) => one.name === name));
    for (const name of absent.slice(0, 5)) await registerRole(home, name, role());
    expect(await names()).toEqual(expect.arrayContaining(absent.slice(0, 5)));
  });
});

describe('two people at once', () => {
  const registerAll = async (wanted: readonly string[]) => {
    const commands = await Promise.all(wanted.map((name) => roleWords(home, name, role())));
    return Promise.all(commands.map((words) => home.run(words)));
  };

  it.each(['without a daemon', 'with a daemon'])('one name: one of them wins, %s', async (how) => {
    const daemon = how === 'with a daemon' ? await home.serve() : undefined;
    for (let round = 0; round < 3; round++) {
      const outcomes = await registerAll([`same-${round}`, `same-${round}`]);
      expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set([0, 4]));
      expect(outcomes.find(({ status }) => status === 4)?.stderr).toContain('exists already');
    }
    expect(await names()).toEqual(['same-0', 'same-1', 'same-2']);
    expect(await identityOf('same-2')).toContain(':assumed-role/reader/');
    await daemon?.stop();
  });

  it('different names: all are there, and all work', async () => {
    const wanted = ['one', 'two', 'three', 'four'];
    const outcomes = await registerAll(wanted);
    expect(outcomes.map(({ status, stderr }) => ({ status, stderr }))).toEqual(
      outcomes.map(() => ({ status: 0, stderr: expect.stringContaining('registered') })),
    );
    expect(await names()).toEqual(wanted.toSorted());
    for (const name of wanted) {
      expect(await identityOf(name)).toContain(`/valetkey-${name}`);
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
    await registerRole(home, 'good', role(), '--no-verify');
    await registerRole(home, 'bad', role(), '--no-verify');
    const text = await readFile(fileOf('bad'), 'utf8');
    for (const [what, edit] of EDITS) {
      await writeFile(fileOf('bad'), edit(text));
      const shown = (await list()).map(({ name, error }) => [name, error?.code]);
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
    expect(await identityOf('good')).toContain(':assumed-role/reader/');
    await writeFile(fileOf('bad'), text);
    expect(await identityOf('bad')).toContain(':assumed-role/reader/');
  });

  it('while the daemon runs: its clients are told, others served, and mending it is enough', async () => {
    await registerRole(home, 'good', role(), '--no-verify');
    await registerRole(home, 'bad', role(), '--no-verify');
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
    home = await newHome(join(disk, 'home'));
  });
  afterEach(async () => {
    await must('umount', [disk], { env });
    await rm(disk, { recursive: true });
  });

  const fill = () => writeFile(join(disk, 'ballast'), Buffer.alloc(1_048_576)).catch(() => {});

  it('keeps what was registered and says why nothing more can be', async () => {
    await registerRole(home, 'first', role());
    await fill();
    const refused = await home.run(await roleWords(home, 'second', role(), '--no-verify'));
    expect(refused.status).toBe(5);
    expect(refused.stderr).toContain('the disk is full');
    expect(await names()).toEqual(['first']);
    expect(await identityOf('first')).toContain(':assumed-role/reader/');

    await rm(join(disk, 'ballast'));
    await registerRole(home, 'second', role());
    expect(await names()).toEqual(['first', 'second']);
    expect(await identityOf('second')).toContain(':assumed-role/reader/');
  });

  it('does not stop a running daemon from serving, nor from starting', async () => {
    await registerRole(home, 'first', role());
    const daemon = await home.serve();
    const client = await home.variables('--grant', 'first');
    await fill();
    expect((await askEcs(client)).status).toBe(200);
    expect(await daemon.output()).toContain('the audit trail cannot be written');
    await daemon.stop();

    const again = await home.serve();
    expect(await identityOf('first')).toContain(':assumed-role/reader/');
    await again.stop();
  });

  it('is told for a catalog folder that can take no more files', async () => {
    await registerRole(home, 'first', role());
    await mkdir(join(disk, 'many'));
    const made = Array.from({ length: 64 }, (_, n) => writeFile(join(disk, 'many', `${n}`), ''));
    await Promise.allSettled(made);
    const refused = await home.run(await roleWords(home, 'second', role(), '--no-verify'));
    expect(refused.status).toBe(5);
    expect(await names()).toEqual(['first']);
    expect(await identityOf('first')).toContain(':assumed-role/reader/');
  });
});
