import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { watch } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { connectControl } from '../../src/control/client.ts';
import { startMoto, type MotoBed } from '../beds/moto.ts';
import { checkout, registerRole, roleWords, type Installation } from './harness.ts';
import { listed, motoHome, names, roleOf } from './moto-home.ts';

/* kill -9 at any moment of `connector register` leaves a whole connector or none (invariant 9). */

let moto: MotoBed;
let home: Installation;
beforeAll(async () => {
  moto = await startMoto();
  home = await motoHome(moto);
});
afterAll(async () => {
  await moto?.stop();
  await home?.remove();
});

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

it(
  `connector register, killed ${ROUNDS} times, leaves a whole connector or none`,
  { timeout: 300_000 },
  async () => {
    const started = performance.now();
    await registerRole(home, 'first', roleOf(moto), '--no-verify');
    const lifeMs = performance.now() - started;
    const done: string[] = ['first'];
    const killed: string[] = [];
    const codes = new Set<number | undefined>();
    const rounds = Array.from({ length: ROUNDS }, (_, round) => round);
    const work = async () => {
      for (let round = rounds.pop(); round !== undefined; round = rounds.pop()) {
        const name = `round-${round}`;
        const words = await roleWords(home, name, roleOf(moto), '--no-verify');
        const code = await registerAndKill(words, round % 2 === 0 ? atWrite : atRandom(lifeMs));
        codes.add(code);
        (code === undefined ? killed : done).push(name);
      }
    };
    await Promise.all([work(), work()]);
    expect(codes).toEqual(new Set([0, undefined]));
    expect(killed.length).toBeGreaterThan(ROUNDS / 4);

    const kept = await listed(home);
    expect(kept.filter(({ error }) => error !== undefined)).toEqual([]);
    expect(kept.map(({ name }) => name)).toEqual(expect.arrayContaining(done));
    expect([...done, ...killed]).toEqual(expect.arrayContaining(kept.map(({ name }) => name)));

    const daemon = await home.serve();
    const api = connectControl(join(home.home, 'run/control.sock'));
    for (const { name } of kept) {
      const { principal } = await api.verify({ name, resource_type: 'aws-generic' });
      expect(principal).toContain(':assumed-role/reader/');
    }
    await daemon.stop();

    const absent = killed.filter((name) => !kept.some((one) => one.name === name));
    for (const name of absent.slice(0, 5)) await registerRole(home, name, roleOf(moto));
    expect(await names(home)).toEqual(expect.arrayContaining(absent.slice(0, 5)));
  },
);
