import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { pinned } from './cores.ts';
import type { LoadOrder, LoadResult } from './load-orders.ts';

/** The process that makes the load, kept for the whole run. */
export interface Load {
  /** Throws when a single answer was not what it should be: such a figure would mean nothing. */
  run(order: LoadOrder): Promise<LoadResult>;
  stop(): Promise<void>;
}

export async function startLoad(core: number | undefined): Promise<Load> {
  const script = fileURLToPath(new URL('./load-worker.ts', import.meta.url));
  const line = pinned(core, process.execPath, [script]);
  const child = spawn(line.command, line.args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  await once(child, 'spawn');
  return {
    async run(order) {
      const answered = new Promise<LoadResult>((resolve) => void child.once('message', resolve));
      child.send(order);
      const result = await answered;
      if (result.failed > 0) {
        throw new Error(`${result.failed} of ${order.requests} requests failed: ${order.request}`);
      }
      return result;
    },
    async stop() {
      const closed = once(child, 'close');
      child.kill();
      await closed;
    },
  };
}
