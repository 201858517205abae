import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { LIMITS } from '../src/server/listener.ts';
import { exchange, requestText } from './exchange.ts';
import type { Answer, Target } from './exchange.ts';
import { launch } from './processes.ts';
import type { Running } from './processes.ts';

/** The bare server, given another server's answers to send: the same status, headers and body. */
export interface Bare {
  start(): Promise<Running>;
}

const SCRIPT = fileURLToPath(new URL('./bare-server.mjs', import.meta.url));

/** Written by Node itself in every answer, also in the bare server's. */
const OF_NODE = new Set(['date', 'connection', 'keep-alive']);

export async function prepareBare(
  folder: string,
  port: number,
  core: number | undefined,
  answers: Readonly<Record<string, Answer>>,
): Promise<Bare> {
  const file = join(folder, 'bare-server.json');
  const own = Object.entries(answers).map(([path, { status, headers, body }]) => [
    path,
    { status, headers: withoutNodes(headers), body },
  ]);
  // The time an idle connection is kept is told in a header, so it must be the same one.
  const keepAliveTimeout = LIMITS.keepAliveMs;
  await writeFile(
    file,
    JSON.stringify({ port, keepAliveTimeout, answers: Object.fromEntries(own) }),
  );
  const [path = '/'] = Object.keys(answers);
  return {
    start: () =>
      launch({
        command: process.execPath,
        args: [SCRIPT, file],
        env: {},
        core,
        port,
        probe: requestText(port, { path }),
      }),
  };
}

/** Throws unless both servers send the same bytes, what tells the time aside. */
export async function assertSameBytes(
  one: Running,
  other: Running,
  targets: readonly Target[],
): Promise<void> {
  for (const target of targets) {
    const [a, b] = await Promise.all(
      [one, other].map(async ({ port }) => {
        const { raw } = await exchange(port, requestText(port, target));
        return raw
          .replace(/^Date: .*$/im, 'Date: (now)')
          .replaceAll(/"((?:ext_)?expires_in)":("?)\d{4}\b/g, '"$1":$2(seconds)');
      }),
    );
    if (a !== b) throw new Error(`${target.path}: not the same bytes:\n${a}\n---\n${b}`);
  }
}

function withoutNodes(headers: readonly string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i < headers.length; i += 2) {
    const [name = '', value = ''] = headers.slice(i, i + 2);
    if (!OF_NODE.has(name.toLowerCase())) kept.push(name, value);
  }
  return kept;
}
