import { createServer } from 'node:http';

import { afterEach, describe, expect, it } from 'vitest';

import { startKeyring, type KeyringBed, type KeyringState } from '../beds/keyring.ts';
import { startNamespace } from '../beds/netns.ts';
import { listenOnLoopback, run } from '../beds/process.ts';

describe('keyring', () => {
  let bed: KeyringBed;
  afterEach(() => bed.stop());

  const secretTool = (verb: 'store' | 'lookup', input = '') => {
    const label = verb === 'store' ? ['--label', 'bed'] : [];
    const words = [verb, ...label, 'service', 'vk', 'username', 'x'];
    return bed.run('secret-tool', words, { timeoutMs: 10_000, input });
  };

  it('unlocked: keeps a secret; locked: does not give it; unlocked again: does', async () => {
    bed = await startKeyring('unlocked');
    expect((await secretTool('store', 'kept')).status).toBe(0);
    expect((await secretTool('lookup')).stdout).toBe('kept');
    await bed.lock();
    expect((await secretTool('lookup')).stdout).toBe('');
    await bed.unlock();
    expect((await secretTool('lookup')).stdout).toBe('kept');
  });

  it.each<[KeyringState, RegExp]>([
    ['locked', /locked collection/],
    ['no-service', /not provided by any/],
    ['no-bus', /autolaunch/i],
  ])('%s: refuses, and for that reason', async (state, reason) => {
    bed = await startKeyring(state);
    const { status, stderr } = await secretTool('store', 'kept');
    expect(status).not.toBe(0);
    expect(stderr).toMatch(reason);
  });

  it('serves a program of Node that opens the keychain', async () => {
    bed = await startKeyring('unlocked');
    const script = `
      import { AsyncEntry } from '@napi-rs/keyring';
      const entry = new AsyncEntry('vk', 'node', { linux: { store: 'secret-service' } });
      await entry.setPassword('from node');
      console.log(await entry.getPassword());`;
    const outcome = await bed.run(process.execPath, ['--input-type=module', '-e', script]);
    expect(outcome).toMatchObject({ status: 0, stdout: 'from node\n' });
  });
});

describe('network namespace', () => {
  /** Serves on port 80 of every address, asks itself under each of the given names, and ends. */
  const METADATA = `
    import { createServer } from 'node:http';
    const server = createServer((_, response) => response.end('metadata')).listen(80, '::', async () => {
      const asked = process.argv.slice(1).map(async (url) => (await fetch(url)).text());
      console.log(JSON.stringify(await Promise.all(asked)));
      server.close();
      server.closeAllConnections();
    });`;
  const ASK = `
    for (const url of process.argv.slice(1)) {
      console.log(await fetch(url).then((response) => response.text(), (error) => error.cause.code));
    }`;
  const HOSTS = [
    '169.254.169.254',
    '169.254.170.2',
    '169.254.170.23',
    '[fd00:ec2::254]',
    '[fd00:ec2::23]',
    'metadata.example',
  ];

  it('has the clouds’ metadata addresses, reaches a bed, and nothing else', async () => {
    const server = createServer((_, response) => response.end('bed'));
    const port = await listenOnLoopback(server);
    const namespace = await startNamespace({ 'metadata.example': '169.254.169.254' });
    const node = (script: string, ...args: string[]) =>
      namespace.run(process.execPath, ['--input-type=module', '-e', script, ...args]);
    try {
      await namespace.reach(port);
      const metadata = await node(METADATA, ...HOSTS.map((host) => `http://${host}/`));
      expect(metadata.stdout.trim()).toBe(JSON.stringify(HOSTS.map(() => 'metadata')));

      const asked = await node(
        ASK,
        `http://127.0.0.1:${port}/`,
        'http://192.0.2.1/',
        'http://a.example/',
      );
      expect(asked.stdout).toMatch(/^bed\nENETUNREACH\n(ENOTFOUND|EAI_AGAIN)\n$/);
    } finally {
      await namespace.stop();
      server.close();
    }
    const { stdout } = await run('ip', ['netns', 'list'], { env: process.env });
    expect(stdout).not.toContain(namespace.name);
  });
});
