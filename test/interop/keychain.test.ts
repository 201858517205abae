import { join } from 'node:path';
import { randomBytes } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { SecretId } from '../../src/core/ids.ts';
import type { SecretStore, StoreOptions } from '../../src/stores/contract.ts';
import keychain from '../../src/stores/keychain.ts';
import { startKeyring, type KeyringBed } from '../beds/keyring.ts';
import { startProcess, until, type BedProcess } from '../beds/process.ts';
import { describeSecretStore, failure, fieldsOf, plainOf } from '../conformance/secret-store.ts';
import { fakeClock } from '../support/fake-clock.ts';

const id = (text: string) => SecretId.parse(text);
const uniqueService = () => `valetkey-test-${randomBytes(6).toString('hex')}`;
const open = (service: string, options: Partial<StoreOptions> = {}) =>
  keychain.open({ directory: '/nowhere', service, ...options });

async function withItem(options?: Partial<StoreOptions>): Promise<SecretStore> {
  const store = await open(uniqueService(), options);
  await store.set(id('item'), fieldsOf({ field: '1' }));
  await store.get(id('item'));
  return store;
}

/** Waits until the process answers for the Secret Service. */
async function serving(bed: KeyringBed, pid: number): Promise<void> {
  await until('the new keyring', async () => {
    const words = ['--session', '--print-reply=literal', '--dest=org.freedesktop.DBus', '/'];
    const method = 'org.freedesktop.DBus.GetConnectionUnixProcessID';
    const name = 'string:org.freedesktop.secrets';
    const { stdout } = await bed.run('dbus-send', [...words, method, name]);
    return stdout.trim().endsWith(` ${pid}`);
  });
}

/**
 * The addon takes the session bus from the environment once per process. These tests run in a
 * process of their own, so the bed's bus can be this process's bus.
 */
describe('in a login session', () => {
  const saved = new Map<string, string | undefined>();
  let bed: KeyringBed;

  beforeAll(async () => {
    bed = await startKeyring('unlocked');
    for (const name of ['DBUS_SESSION_BUS_ADDRESS', 'XDG_RUNTIME_DIR']) {
      saved.set(name, process.env[name]);
      process.env[name] = bed.env[name];
    }
  });
  afterAll(async () => {
    for (const [name, value] of saved) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    await bed?.stop();
  });

  const search = async (service: string, name: string) => {
    const words = ['lookup', 'service', service, 'username', name];
    return (await bed.run('secret-tool', words)).stdout;
  };
  const put = (service: string, name: string, content: string, extra: readonly string[] = []) =>
    bed.run('secret-tool', ['store', '--label=x', 'service', service, 'username', name, ...extra], {
      input: content,
    });

  describeSecretStore('keychain', {
    place: async () => {
      const service = uniqueService();
      return { open: () => open(service) };
    },
  });

  it('keeps items where other tools of the desktop see them', async () => {
    const service = uniqueService();
    const store = await open(service);
    const large = randomBytes(5 * 1024).toString('hex');
    await store.set(id('aws-dev'), fieldsOf({ key: 'é\0', large }));
    expect(JSON.parse(await search(service, 'aws-dev'))).toEqual({ key: 'é\0', large });
    await put(service, 'from-outside', '{"key":"1"}');
    expect(plainOf(await store.get(id('from-outside')))).toEqual({ key: '1' });
    expect((await store.list()).toSorted()).toEqual(['aws-dev', 'from-outside']);
    expect(await store.delete(id('from-outside'))).toBe(true);
    expect(await search(service, 'from-outside')).toBe('');
  });

  it('keeps a hundred items and reads each again', async () => {
    const store = await open(uniqueService());
    const names = Array.from({ length: 100 }, (_, n) => `item-${String(n).padStart(3, '0')}`);
    await Promise.all(names.map((name) => store.set(id(name), fieldsOf({ name }))));
    expect((await store.list()).toSorted()).toEqual(names);
    const read = await Promise.all(names.map((name) => store.get(id(name))));
    expect(read.map((fields) => plainOf(fields)?.['name'])).toEqual(names);
  });

  it('says that an item is corrupt instead of absent, and does not quote it', async () => {
    const service = uniqueService();
    const store = await open(service);
    for (const content of ['planted-secret', '{"key":["planted-secret"]}', '"planted-secret"']) {
      await put(service, 'item', content);
      const error = await store.get(id('item')).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject(failure('STORE_CORRUPT'));
      expect(`${String(error)}${JSON.stringify(error)}`).not.toContain('planted');
    }
    await put(service, 'item', '{"key":"2"}', ['other', 'attribute']);
    await expect(store.get(id('item'))).rejects.toMatchObject(failure('STORE_CORRUPT'));
    await expect(store.delete(id('item'))).rejects.toMatchObject(failure('STORE_CORRUPT'));
    expect(await store.list()).toEqual(['item']);
  });

  it('is an error while the keyring is locked, for what is there and for what is not', async () => {
    const service = uniqueService();
    const [running, idle] = [await open(service), await open(uniqueService())];
    await running.set(id('item'), fieldsOf({ field: '1' }));
    await running.get(id('item'));
    await bed.lock();
    const locked = failure('STORE_LOCKED');
    try {
      for (const store of [running, await open(service), idle]) {
        await expect(store.check()).rejects.toMatchObject(locked);
        await expect(store.get(id('item'))).rejects.toMatchObject(locked);
        await expect(store.get(id('absent'))).rejects.toMatchObject(locked);
        await expect(store.list()).rejects.toMatchObject(locked);
        await expect(store.delete(id('absent'))).rejects.toMatchObject(locked);
        await expect(store.set(id('new'), fieldsOf({}))).rejects.toMatchObject(locked);
      }
    } finally {
      await bed.unlock();
    }
    expect(plainOf(await running.get(id('item')))).toEqual({ field: '1' });
    expect(await running.list()).toEqual(['item']);
  });

  describe('when its keyring service', () => {
    let daemon: BedProcess;
    /** Takes the name from the daemon that has it, as a restart of the service would. */
    const restart = async () => {
      const words = ['--foreground', '--replace', '--components=secrets'];
      daemon = startProcess('gnome-keyring-daemon', words, {
        env: bed.env,
        log: join(bed.env['HOME'] ?? '', 'log'),
      });
      await serving(bed, daemon.pid);
      await bed.unlock();
    };
    afterAll(() => daemon?.stop());

    it('is restarted, goes on without an error', async () => {
      const store = await withItem();
      await restart();
      expect(plainOf(await store.get(id('item')))).toEqual({ field: '1' });
      expect(await store.get(id('absent'))).toBeUndefined();
      expect(await store.list()).toEqual(['item']);
    });

    it('is killed, has what was said to be written, and is unreachable until it is back', async () => {
      const store = await withItem();
      await store.set(id('last'), fieldsOf({ field: '2' }));
      process.kill(daemon.pid, 'SIGKILL');
      const unreachable = failure('STORE_UNREACHABLE');
      await expect(store.get(id('item'))).rejects.toMatchObject(unreachable);
      await expect(store.list()).rejects.toMatchObject(unreachable);
      await expect(store.set(id('item'), fieldsOf({}))).rejects.toMatchObject(unreachable);
      await expect(store.delete(id('item'))).rejects.toMatchObject(unreachable);
      await restart();
      expect(plainOf(await store.get(id('last')))).toEqual({ field: '2' });
    });

    it('hangs, gives up in time, holds up nothing else, and goes on afterwards', async () => {
      const clock = fakeClock();
      const store = await withItem({ clock });
      const fresh = await open(uniqueService(), { clock });
      process.kill(daemon.pid, 'SIGSTOP');
      const begun = performance.now();
      const asked = [store.get(id('item')), store.list(), fresh.get(id('item'))];
      const settled = Promise.allSettled(asked);
      await clock.advance(60_000);
      expect((await settled).map((one) => one.status)).toEqual([
        'rejected',
        'rejected',
        'rejected',
      ]);
      await expect(asked[0]).rejects.toMatchObject(failure('STORE_LOCKED'));
      expect(performance.now() - begun).toBeLessThan(1000); // the addon itself waits two seconds
      process.kill(daemon.pid, 'SIGCONT');
      expect(plainOf(await store.get(id('item')))).toEqual({ field: '1' });
    });
  });
});
