import { join } from 'node:path';

import { createBroker } from '../broker/broker.ts';
import type { Broker } from '../broker/contract.ts';
import { openCatalog } from '../catalog/catalog.ts';
import { loadConfig } from '../config/load.ts';
import { resolvePaths } from '../config/paths.ts';
import type { Paths } from '../config/paths.ts';
import type { Config } from '../config/schema.ts';
import type { Machine } from '../connectors/contract.ts';
import { CONNECTOR_TYPES } from '../connectors/index.ts';
import { createIssuer } from '../connectors/issue.ts';
import { systemClock } from '../core/clock.ts';
import type { Clock } from '../core/clock.ts';
import { ValetkeyError } from '../core/errors.ts';
import { createEvents } from '../core/events.ts';
import type { Events } from '../core/events.ts';
import type { Secret } from '../core/secret.ts';
import { createWriteLock } from '../files/write-lock.ts';
import type { RenewalPolicy } from '../broker/renewal.ts';
import type { Service } from '../service/context.ts';
import type { SecretStore, StoreOptions } from '../stores/contract.ts';
import { openStore } from '../stores/index.ts';

/** What the process around us gives: everything that would make two daemons differ. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  readonly clock?: Clock | undefined;
  readonly renewal?: RenewalPolicy | undefined;
  /** Path of the configuration file, where it is not the usual one. */
  readonly configPath?: string | undefined;
  /** Keep nothing: secrets in memory. */
  readonly ephemeral?: boolean | undefined;
  /** Asks a person for the passphrase of an encrypted store; absent where nobody can be asked. */
  readonly askPassphrase?: (() => Promise<Secret>) | undefined;
}

export interface Parts extends Service {
  readonly paths: Paths;
  readonly broker: Broker;
  readonly events: Events;
  /** Puts a checked configuration in force. */
  adopt(config: Config): void;
  loadConfig(): Promise<Config>;
}

/** Builds the parts and joins them; nothing listens yet and no cloud SDK is loaded. */
export async function buildParts(mode: Service['mode'], around: Surroundings): Promise<Parts> {
  const { env, clock = systemClock } = around;
  const found = resolvePaths(env);
  const paths = around.configPath === undefined ? found : { ...found, config: around.configPath };
  // A file that somebody named must be there: without it, other secrets and workloads would be served.
  const required = around.configPath !== undefined || Boolean(env['VALETKEY_CONFIG']);
  const load = () => loadConfig(paths.config, env, { required });
  let config = await load();
  const storeOptions = storeOptionsOf(config, paths, around);
  const store = await openConfiguredStore(config, storeOptions, around.ephemeral === true);
  const catalog = openCatalog(paths.connectors);
  const events = createEvents();
  const machine: Machine = {
    clock,
    env,
    get implicit() {
      return config.policy.implicit;
    },
  };
  const lock = createWriteLock(paths.lock, clock, (error) => homeUnwritable(paths, error));
  const issuer = createIssuer({
    types: CONNECTOR_TYPES,
    store,
    machine,
    record: (name) => catalog.get(name),
    lock,
  });
  const broker = createBroker({
    issue: issuer.issue,
    clock,
    events,
    ...(around.renewal === undefined ? {} : { renewal: around.renewal }),
  });
  return {
    mode,
    version: around.version,
    paths,
    types: CONNECTOR_TYPES,
    catalog,
    store,
    storeOptions,
    lock,
    machine,
    clock,
    issuer,
    broker,
    events,
    config: () => config,
    adopt: (next) => void (config = next),
    loadConfig: load,
  };
}

/** What a lock that cannot be taken at all says of the folder it is in. */
export function homeUnwritable({ home }: Paths, cause: unknown): ValetkeyError {
  if (cause instanceof ValetkeyError) return cause;
  return new ValetkeyError('CATALOG_WRITE_FAILED', {
    subject: home,
    reason: 'its lock cannot be taken',
    hint: 'check that VALETKEY_HOME is a folder that this user may write to',
    cause,
  });
}

function storeOptionsOf(config: Config, paths: Paths, around: Surroundings): StoreOptions {
  return {
    directory: paths.secrets,
    service: config.store?.service ?? 'valetkey',
    mount: config.store?.mount ?? join(paths.home, 'mounted'),
    keyFile: config.store?.key_file,
    askPassphrase: around.askPassphrase,
    clock: around.clock,
  };
}

function openConfiguredStore(
  config: Config,
  options: StoreOptions,
  ephemeral: boolean,
): Promise<SecretStore> {
  return openStore(ephemeral ? 'memory' : (config.store?.kind ?? 'keychain'), options);
}
