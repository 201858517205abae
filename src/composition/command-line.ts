import { connect } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';

import { resolvePaths } from '../config/paths.ts';
import type { ControlApi, WorkloadAccess } from '../control/api.ts';
import type { Inputs } from '../control/schema.ts';
import { systemClock } from '../core/clock.ts';
import type { Secret } from '../core/secret.ts';
import type { StatusView } from '../core/view.ts';
import type { Endpoint } from '../endpoints/contract.ts';
import { refuseForeignSocket } from '../files/socket-owner.ts';
import type { Mode } from './client-variables.ts';
import type { Led } from './own-gcloud.ts';
import type { PrivateEndpoint } from './private-endpoint.ts';

/* What the command line needs of the daemon's code. Each part is imported when a command asks for it. */

export interface CommandLineOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  readonly log: NodeJS.WritableStream;
  readonly askPassphrase?: (() => Promise<Secret>) | undefined;
}

export interface OpenControl {
  readonly api: ControlApi;
  close(): Promise<void>;
}

/** The running daemon's API over its socket, or one opened in this process when none answers. */
export async function openControl(options: CommandLineOptions): Promise<OpenControl> {
  const { controlSocket } = resolvePaths(options.env);
  refuseForeignSocket(controlSocket);
  if (await accepts(controlSocket)) {
    const { connectControl } = await import('../control/client.ts');
    return { api: connectControl(controlSocket), close: () => Promise.resolve() };
  }
  const { openInProcess } = await import('./in-process.ts');
  const { api, stop } = await openInProcess(options);
  return { api, close: stop };
}

/** Somebody listens there; a socket file that a killed daemon left does not count. */
function accepts(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    const answer = (open: boolean) => () => {
      socket.destroy();
      resolve(open);
    };
    socket.once('connect', answer(true)).once('error', answer(false));
  });
}

export interface ServeOptions {
  readonly config?: string | undefined;
  readonly ephemeral: boolean;
}

export interface RunningDaemon {
  status(): Promise<StatusView>;
  readonly closed: Promise<void>;
  stop(): Promise<void>;
}

/** A daemon of this process. SIGHUP puts a changed configuration in force. */
export async function serve(
  { config, ephemeral }: ServeOptions,
  options: CommandLineOptions,
): Promise<RunningDaemon> {
  const { startDaemon } = await import('../daemon.ts');
  const daemon = await startDaemon({ ...options, configPath: config, ephemeral });
  const reload = () => void daemon.reload().catch(() => {}); // logged as config-rejected
  process.on('SIGHUP', reload);
  let ended = () => {};
  const closed = new Promise<void>((resolve) => (ended = resolve));
  return {
    async status() {
      await nextTurn(); // who is waiting at a listener already is answered before the person is told
      return daemon.api.status({});
    },
    closed,
    async stop() {
      process.off('SIGHUP', reload);
      await daemon.stop();
      ended();
    },
  };
}

/** The private endpoint of `exec`. Ends with `stop`, and with it the API it draws from. */
export async function openEndpoint(
  target: Inputs['openWorkload'],
  api: ControlApi,
  options: CommandLineOptions,
): Promise<PrivateEndpoint> {
  const { openPrivateEndpoint } = await import('./private-endpoint.ts');
  return openPrivateEndpoint(target, { api, clock: systemClock, env: options.env });
}

/** So that each variable is told which could be set. */
const SOMEBODY = { baseUrl: 'http://127.0.0.1', region: 'any', token: 'any', tokenFile: 'any' };
const ACCOUNTS = [
  {
    cloud: 'google',
    email: 'any',
    projectId: '',
    quotaProject: 'any',
    universeDomain: 'any',
    scopes: [],
    audiences: [],
  },
  {
    cloud: 'azure',
    clientId: 'any',
    tenantId: 'any',
    subscriptionId: 'any',
    environment: 'any',
    audiences: [],
  },
] as const;

/** What each endpoint tells of itself and of its variables. */
export async function endpointFacts() {
  const { ENDPOINTS } = await import('../endpoints/index.ts');
  return Object.values(ENDPOINTS).map((endpoint: Endpoint) => {
    const { kind, address, hosts } = endpoint;
    const told = ACCOUNTS.map((account) => endpoint.variables({ ...SOMEBODY, account }));
    const sets = [...new Set(told.flatMap(({ set }) => Object.keys(set)))];
    const cleared = new Set(told.flatMap(({ clear }) => clear));
    return {
      kind,
      address,
      hosts,
      sets,
      clears: [...cleared].filter((name) => !sets.includes(name)),
    };
  });
}

/** The variables that lead programs to the running daemon. */
export async function variablesFor(
  access: WorkloadAccess,
  mode: Mode | undefined,
  { env }: CommandLineOptions,
): Promise<Led> {
  const { clientVariables } = await import('./client-variables.ts');
  return clientVariables(access, mode, {
    env,
    now: systemClock.now(),
    directory: resolvePaths(env).run,
  });
}
