import { chmod, chown, mkdir, symlink } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';

import { describe, expect, onTestFinished, test } from 'vitest';

import { openControl } from '../../src/composition/command-line.ts';
import { temporaryHome } from '../support/home.ts';

const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;

/** A home in which somebody listens where the daemon would, and what he was told. */
async function setup() {
  const home = await temporaryHome();
  const run = join(home, 'run');
  await mkdir(run, { mode: 0o700 });
  const heard: string[] = [];
  const server = createServer((request, response) => {
    heard.push(request.url ?? '');
    response.end('{}');
  });
  await new Promise<void>((resolve) => void server.listen(join(run, 'control.sock'), resolve));
  onTestFinished(() => void server.close());
  const ask = async () => {
    const env = { VALETKEY_HOME: home, VALETKEY_STORE: 'memory' };
    const control = await openControl({ env, version: '0', log: process.stderr });
    onTestFinished(() => control.close());
    return control.api.register({ name: 'a', type: 'aws', attributes: { secret: 'long-lived' } });
  };
  return { home, run, heard, ask };
}

describe('invariant 1: a secret is told to nobody but our own daemon', () => {
  test('whose socket and folder are our own', async () => {
    const { ask, heard } = await setup();
    await ask();
    expect(heard).toEqual(['/v1/register']);
  });

  test.each([0o777, 0o1777, 0o770])('a folder of mode %o is refused', async (mode) => {
    const { run, ask, heard } = await setup();
    await chmod(run, mode);
    await expect(ask()).rejects.toMatchObject({ code: 'UNSAFE_FILE', subject: run });
    expect(heard).toEqual([]);
  });

  test.runIf(isRoot)('another user’s socket is refused', async () => {
    const { run, ask, heard } = await setup();
    const socket = join(run, 'control.sock');
    await chown(socket, NOBODY, NOBODY);
    await expect(ask()).rejects.toMatchObject({ code: 'UNSAFE_FILE', subject: socket });
    expect(heard).toEqual([]);
  });

  test.runIf(isRoot)('another user’s folder is refused, behind a link too', async () => {
    const { home, run } = await setup();
    await chown(run, NOBODY, NOBODY);
    const linked = await temporaryHome();
    await symlink(join(home, 'run'), join(linked, 'run'));
    const env = { VALETKEY_HOME: linked, VALETKEY_STORE: 'memory' };
    const opened = openControl({ env, version: '0', log: process.stderr });
    await expect(opened).rejects.toMatchObject({ code: 'UNSAFE_FILE', subject: `${linked}/run` });
  });

  test('no socket, no complaint', async () => {
    const env = { VALETKEY_HOME: await temporaryHome(), VALETKEY_STORE: 'memory' };
    const control = await openControl({ env, version: '0', log: process.stderr });
    await control.close();
  });
});
