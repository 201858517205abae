import { spawn } from 'node:child_process';
import { Writable } from 'node:stream';

import { onTestFinished } from 'vitest';

import type { RenewalPolicy } from '../../src/broker/renewal.ts';
import type { Clock } from '../../src/core/clock.ts';
import { startDaemon } from '../../src/daemon.ts';
import type { Daemon } from '../../src/daemon.ts';
import { temporaryHome } from './home.ts';

export interface TestDaemon extends Daemon {
  readonly home: string;
  readonly baseUrl: string;
  /** Everything the daemon has logged so far. */
  logText(): string;
}

export interface TestDaemonOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly config?: string;
  readonly clock?: Clock;
  readonly renewal?: RenewalPolicy;
}

/** A real daemon in this process on a free loopback port, secrets in memory. */
export async function testDaemon(options: TestDaemonOptions): Promise<TestDaemon> {
  const home = await temporaryHome(options.config ?? 'listeners: [{ address: "127.0.0.1:0" }]\n');
  let text = '';
  const daemon = await startDaemon({
    env: { ...options.env, VALETKEY_HOME: home, HOME: home },
    version: 'test',
    ephemeral: true,
    ...(options.clock === undefined ? {} : { clock: options.clock }),
    ...(options.renewal === undefined ? {} : { renewal: options.renewal }),
    log: new Writable({
      write(chunk: Buffer, _encoding, done) {
        text += chunk.toString('utf8');
        done();
      },
    }),
  });
  onTestFinished(() => daemon.stop());
  return { ...daemon, home, baseUrl: daemon.listeners[0]?.baseUrl ?? '', logText: () => text };
}

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program of its own with exactly these variables (and PATH), its output collected. */
export function runProgram(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      env: { PATH: process.env['PATH'] ?? '', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 60_000,
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (part: Buffer) => (stdout += part.toString('utf8')));
    child.stderr.on('data', (part: Buffer) => (stderr += part.toString('utf8')));
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, stdout, stderr }));
  });
}
