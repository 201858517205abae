import { appendFile, mkdir, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

import type { Event, Listener } from '../core/events.ts';

const LARGEST = 16 * 1024 * 1024; // bytes; then the file moves to `<path>.1`, replacing that one

/**
 * The audit trail: one JSON line per credential that was handed to a workload (invariant 11), in a
 * 0600 file. Never the secret. `failed` is told when a line cannot be written.
 */
export function createAudit(
  path: string,
  failed: (error: unknown) => void,
): { readonly listen: Listener; flush(): Promise<void> } {
  let last: Promise<void> = Promise.resolve();
  return {
    listen(event) {
      if (event.type !== 'issued') return;
      const line = `${JSON.stringify(recordOf(event))}\n`;
      last = last.then(() => append(path, line)).catch(failed);
    },
    flush: () => last,
  };
}

function recordOf(event: Extract<Event, { type: 'issued' }>) {
  const { evidence, subject } = event;
  return {
    time: new Date(event.at).toISOString(),
    workload: evidence.workload,
    by: evidence.by,
    endpoint: evidence.endpoint,
    uid: evidence.uid,
    pid: evidence.pid,
    executable: evidence.executable,
    connector: subject.connector,
    resources: subject.resources,
    narrowed: event.narrowed,
    credentialId: event.credentialId,
    scopes: event.scopes,
    audience: event.audience,
    expiresAt: new Date(event.expiresAt).toISOString(),
  };
}

async function append(path: string, line: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const size = await stat(path).then(
    (found) => found.size,
    () => 0,
  );
  if (size > LARGEST) await rename(path, `${path}.1`);
  await appendFile(path, line, { mode: 0o600 });
}
