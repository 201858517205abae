import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

import { pinned } from './cores.ts';
import { exchange } from './exchange.ts';
import type { Answer } from './exchange.ts';

export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly core: number | undefined;
  readonly port: number;
  /** A request that any answer ends: the program is up. */
  readonly probe: string;
}

/** A server as a process of its own. */
export interface Running {
  readonly pid: number;
  readonly port: number;
  readonly firstAnswer: Answer;
  /** ms from the spawn to the first answer. */
  readonly startMs: number;
  stop(): Promise<void>;
}

const LONGEST_START_MS = 20_000;

/** Starts a server and waits for its first answer, whatever it says. Throws with its stderr. */
export async function launch({ command, args, env, core, port, probe }: Launch): Promise<Running> {
  const line = pinned(core, command, args);
  const startedAt = performance.now();
  const child = spawn(line.command, line.args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (part: Buffer) => (said = (said + part.toString('utf8')).slice(-2_000)));
  for (;;) {
    const firstAnswer = await exchange(port, probe).catch(() => undefined);
    const startMs = performance.now() - startedAt;
    if (firstAnswer !== undefined) {
      return { pid: child.pid ?? 0, port, firstAnswer, startMs, stop: () => end(child) };
    }
    if (child.exitCode !== null || startMs > LONGEST_START_MS) {
      await end(child);
      throw new Error(`${command} ${args.join(' ')} did not answer:\n${said}`);
    }
    await delay(1);
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, 'close');
  child.kill('SIGTERM');
  const cut = setTimeout(() => child.kill('SIGKILL'), 8_000);
  await closed;
  clearTimeout(cut);
}
