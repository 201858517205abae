import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where everything is. All that valetkey keeps lies under `home`. */
export interface Paths {
  readonly home: string;
  readonly config: string;
  readonly connectors: string;
  readonly secrets: string;
  readonly lock: string;
  readonly run: string;
  /** Held by the one daemon of this home while it lives. */
  readonly daemonLock: string;
  readonly controlSocket: string;
  readonly tokens: string;
  readonly audit: string;
  readonly installationId: string;
}

/**
 * `VALETKEY_HOME` decides; without it the platform's own place for a program's state:
 * `$XDG_STATE_HOME/valetkey` (default `~/.local/state`), `~/Library/Application Support/valetkey`,
 * `%LOCALAPPDATA%\valetkey`. `VALETKEY_CONFIG` moves the configuration file alone.
 */
export function resolvePaths(env: Readonly<Record<string, string | undefined>>): Paths {
  const home = env['VALETKEY_HOME'] || defaultHome(env);
  const run = join(home, 'run');
  return {
    home,
    config: env['VALETKEY_CONFIG'] || join(home, 'config.yaml'),
    connectors: join(home, 'connectors'),
    secrets: join(home, 'secrets'),
    lock: join(home, 'write.lock'),
    run,
    daemonLock: join(run, 'daemon.lock'),
    controlSocket: join(run, 'control.sock'),
    tokens: join(run, 'tokens'),
    audit: join(home, 'audit.jsonl'),
    installationId: join(home, 'installation-id'),
  };
}

function defaultHome(env: Readonly<Record<string, string | undefined>>): string {
  const user = env['HOME'] || homedir();
  if (process.platform === 'darwin') {
    return join(user, 'Library', 'Application Support', 'valetkey');
  }
  if (process.platform === 'win32') {
    return join(env['LOCALAPPDATA'] || join(user, 'AppData', 'Local'), 'valetkey');
  }
  return join(env['XDG_STATE_HOME'] || join(user, '.local', 'state'), 'valetkey');
}
