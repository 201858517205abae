import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  must,
  run,
  startProcess,
  stopAll,
  until,
  type BedProcess,
  type Outcome,
  type RunOptions,
} from './process.ts';
import { startRelay } from './relay.ts';
import { readFileSync } from 'node:fs';

const env = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' };

const ip = (...words: string[]) => must('ip', words, { env });

/** Where AWS SDKs look by themselves: instance metadata, ECS, EKS Pod Identity; v4 and v6. */
const LINK_LOCAL = ['169.254.169.254/32', '169.254.170.2/32', '169.254.170.23/32'];
const LINK_LOCAL_V6 = ['fd00:ec2::254/128', 'fd00:ec2::23/128'];

export interface Namespace {
  readonly name: string;
  /** Put these words before a command, and it runs inside. */
  readonly inside: readonly string[];
  run(command: string, args: readonly string[], options?: RunOptions): Promise<Outcome>;
  start(
    command: string,
    args: readonly string[],
    options: { env: RunOptions['env']; log: string },
  ): BedProcess;
  /** From now on 127.0.0.1:`at` inside (or `at` as `ADDRESS:PORT`) is 127.0.0.1:`port` of the machine (a bed's server); `at` is `port` unless given. */
  reach(port: number, at?: number | string): Promise<void>;
  stop(): Promise<void>;
}

/**
 * A network of our own in which the clouds' metadata addresses are ours and nothing can leave: only
 * `lo`, no routes, no DNS. `hosts` maps more names to addresses. Needs root.
 * https://man7.org/linux/man-pages/man8/ip-netns.8.html
 */
export async function startNamespace(
  hosts: Readonly<Record<string, string>> = {},
): Promise<Namespace> {
  const dir = await mkdtemp(join(tmpdir(), 'vk-netns-'));
  const name = `vk-${process.pid}-${dir.slice(-6)}`;
  const etc = `/etc/netns/${name}`;
  const inside = ['ip', 'netns', 'exec', name];
  const stops: (() => Promise<unknown>)[] = [
    () => rm(dir, { recursive: true, force: true }),
    () => rm(etc, { recursive: true, force: true }),
  ];
  try {
    await mkdir(etc, { recursive: true });
    const lines = Object.entries({ localhost: '127.0.0.1', ...hosts }).map(
      ([host, to]) => `${to} ${host}\n`,
    );
    await writeFile(join(etc, 'hosts'), lines.join(''));
    await writeFile(join(etc, 'resolv.conf'), 'nameserver 127.0.0.1\n');
    await ip('netns', 'add', name);
    stops.push(() => ip('netns', 'delete', name));
    await ip('-n', name, 'link', 'set', 'lo', 'up');
    for (const address of LINK_LOCAL) await ip('-n', name, 'addr', 'add', address, 'dev', 'lo');
    for (const address of LINK_LOCAL_V6)
      await ip('-n', name, '-6', 'addr', 'add', address, 'dev', 'lo');
  } catch (error) {
    await stopAll(stops);
    throw error;
  }
  const start: Namespace['start'] = (command, args, options) => {
    const { env: given = {}, log } = options;
    const child = startProcess('ip', [...inside.slice(1), command, ...args], { env: given, log });
    stops.push(() => child.stop());
    return child;
  };
  return {
    name,
    inside,
    start,
    run: (command, args, options) => run('ip', [...inside.slice(1), command, ...args], options),
    async reach(port, at = port) {
      // A unix socket belongs to the file system, not to a network: it is the way out.
      const socket = join(dir, `${at}.sock`);
      const outer = await startRelay(socket, port);
      stops.push(async () => outer.close());
      const log = join(dir, `${at}.log`);
      const relay = new URL('relay.ts', import.meta.url).pathname;
      const inner = start(process.execPath, [relay, String(at), socket], { env, log });
      await until('the relay', async () => readFileSync(log, 'utf8').includes('relaying'), {
        alive: [inner],
      });
    },
    stop: () => stopAll(stops),
  };
}
