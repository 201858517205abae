import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { startKeyring, type KeyringBed, type KeyringState } from '../beds/keyring.ts';
import { startProcess, until } from '../beds/process.ts';

const client = fileURLToPath(new URL('./keychain-client.ts', import.meta.url));
const tryAll = async (bed: KeyringBed) => {
  const { status, stdout, stderr } = await bed.run(process.execPath, [client]);
  expect(stderr).not.toContain('planted');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return JSON.parse(stdout) as unknown;
};
const all = (code: string) => {
  const outcome = { code, hint: true };
  return { check: outcome, get: outcome, list: outcome, delete: outcome, set: outcome };
};
const withBed = async (state: KeyringState, work: (bed: KeyringBed) => Promise<void>) => {
  const bed = await startKeyring(state);
  try {
    await work(bed);
  } finally {
    await bed.stop();
  }
};

describe('the keychain without a usable session', () => {
  it('is unreachable where there is no session bus, and nothing goes to the kernel’s keyring', () =>
    withBed('no-bus', async (bed) => {
      expect(await tryAll(bed)).toEqual(all('STORE_UNREACHABLE'));
    }));

  it('is unreachable where nobody on the bus keeps secrets', () =>
    withBed('no-service', async (bed) => {
      expect(await tryAll(bed)).toEqual(all('STORE_UNREACHABLE'));
    }));

  it('is locked where the keyring never was opened, though nothing of ours is in it', () =>
    withBed('locked', async (bed) => {
      expect(await tryAll(bed)).toEqual(all('STORE_LOCKED'));
    }));

  it('is unreachable where the service has no keyring to keep items in', () =>
    withBed('no-service', async (bed) => {
      const keyring = startProcess(
        'gnome-keyring-daemon',
        ['--foreground', '--components=secrets'],
        {
          env: bed.env,
          log: join(bed.env['HOME'] ?? '', 'log'),
        },
      );
      try {
        await until('the keyring', async () => {
          const words = ['--session', '--print-reply', '--dest=org.freedesktop.DBus', '/'];
          const { stdout } = await bed.run('dbus-send', [
            ...words,
            'org.freedesktop.DBus.ListNames',
          ]);
          return stdout.includes('org.freedesktop.secrets');
        });
        expect(await tryAll(bed)).toEqual(all('STORE_UNREACHABLE'));
      } finally {
        await keyring.stop();
      }
    }));
});
