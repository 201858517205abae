import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { onTestFinished } from 'vitest';

/** A VALETKEY_HOME of the test's own, gone when it ends. */
export async function temporaryHome(config?: string): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'vk-'));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  if (config !== undefined) await writeFile(join(home, 'config.yaml'), config);
  return home;
}
