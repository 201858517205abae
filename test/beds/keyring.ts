import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';

import {
  must,
  run,
  startProcess,
  stopAll,
  until,
  type Outcome,
  type RunOptions,
} from './process.ts';

/**
 * `unlocked` and `locked`: a session bus with gnome-keyring. `no-service`: a bus that nobody serves
 * secrets on and that starts nobody. `no-bus`: no session bus at all.
 */
export type KeyringState = 'unlocked' | 'locked' | 'no-service' | 'no-bus';

export interface KeyringBed {
  /** All that a program needs (and may have) to find this bus and keyring; with a HOME of its own. */
  readonly env: Readonly<Record<string, string>>;
  /** Runs a command in that session; `options.env` adds to and overrides the session's. */
  run(command: string, args: readonly string[], options?: RunOptions): Promise<Outcome>;
  lock(): Promise<void>;
  unlock(): Promise<void>;
  stop(): Promise<void>;
}

const PASSWORD = 'keyring-password-of-the-bed';
const SECRETS = 'org.freedesktop.secrets';
const LOGIN = '/org/freedesktop/secrets/collection/login';

/** A bus that starts no services by itself: what answers on it is what the bed started. */
const busConfig = (socket: string): string => `<!DOCTYPE busconfig PUBLIC
 "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path=${socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
`;

/** The Secret Service of a real desktop, without a desktop. https://specifications.freedesktop.org/secret-service/ */
export async function startKeyring(state: KeyringState): Promise<KeyringBed> {
  const dir = await mkdtemp(join(tmpdir(), 'vk-keyring-'));
  const stops: (() => Promise<unknown>)[] = [() => rm(dir, { recursive: true, force: true })];
  const session = {
    PATH: '/usr/local/bin:/usr/bin:/bin',
    LANG: 'C.UTF-8',
    HOME: dir,
    XDG_DATA_HOME: join(dir, 'data'),
    XDG_RUNTIME_DIR: join(dir, 'run'),
  };
  await mkdir(session.XDG_DATA_HOME);
  await mkdir(session.XDG_RUNTIME_DIR, { mode: 0o700 });
  const socket = join(dir, 'bus');
  const env =
    state === 'no-bus' ? session : { ...session, DBUS_SESSION_BUS_ADDRESS: `unix:path=${socket}` };

  const call = (...words: string[]) =>
    must('dbus-send', ['--session', '--print-reply', ...words], { env });
  const lock = async (): Promise<void> => {
    await call(
      `--dest=${SECRETS}`,
      '/org/freedesktop/secrets',
      'org.freedesktop.Secret.Service.Lock',
      `array:objpath:${LOGIN}`,
    );
  };
  const bed: KeyringBed = {
    env,
    run: (command, args, options) =>
      run(command, args, { ...options, env: { ...env, ...options?.env } }),
    lock,
    unlock: () => unlockThrough(join(session.XDG_RUNTIME_DIR, 'keyring/control')),
    stop: () => stopAll(stops),
  };
  if (state === 'no-bus') return bed;

  try {
    const config = join(dir, 'bus.conf');
    await writeFile(config, busConfig(socket));
    const log = join(dir, 'log');
    const bus = startProcess('dbus-daemon', ['--nofork', `--config-file=${config}`], { env, log });
    stops.push(() => bus.stop());
    const names = () => call('--dest=org.freedesktop.DBus', '/', 'org.freedesktop.DBus.ListNames');
    await until('the session bus', async () => (await names()) !== '', { alive: [bus] });
    if (state === 'no-service') return bed;

    const words = ['--foreground', '--unlock', '--components=secrets'];
    const keyring = startProcess('gnome-keyring-daemon', words, { env, log, input: PASSWORD });
    stops.push(() => keyring.stop());
    await until('gnome-keyring', async () => (await names()).includes(SECRETS), {
      alive: [bus, keyring],
    });
    if (state === 'locked') await lock();
    return bed;
  } catch (error) {
    const log = await readFile(join(dir, 'log'), 'utf8').catch(() => '');
    await stopAll(stops);
    throw new Error(`the ${state} keyring bed did not start: ${log}`, { cause: error });
  }
}

const word = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

/**
 * Unlocks the login keyring as a login does: by the daemon's control socket. (`gnome-keyring-daemon
 * --unlock` would start a second daemon.) A packet is length, operation, arguments; its answer is
 * length, result. Source: gnome-keyring, pam/gkr-pam-client.c and daemon/control/gkd-control-codes.h.
 */
async function unlockThrough(path: string): Promise<void> {
  const UNLOCK = 1;
  const OK = 0;
  const password = Buffer.from(PASSWORD);
  const socket = connect(path);
  // The first byte only carries the caller's uid along.
  const parts = [word(12 + password.length), word(UNLOCK), word(password.length), password];
  socket.write(Buffer.concat([Buffer.of(0), ...parts]));
  const reply = await buffer(socket);
  if (reply.length !== 8 || reply.readUInt32BE(4) !== OK)
    throw new Error('the keyring stayed locked');
}
