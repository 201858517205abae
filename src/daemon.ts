import { buildParts, homeUnwritable } from './composition/parts.ts';
import type { Parts, Surroundings } from './composition/parts.ts';
import { openWorkload, problemOf, profilesOf } from './composition/host.ts';
import { installationId, listenAll } from './composition/listeners.ts';
import type { ListenOptions, ServedListener } from './composition/listeners.ts';
import { createOwnListeners } from './composition/own-listeners.ts';
import { createReload } from './composition/reload.ts';
import { createWorkloadTable } from './composition/workload-table.ts';
import type { ControlApi } from './control/api.ts';
import { serveControl } from './control/server.ts';
import { ValetkeyError } from './core/errors.ts';
import { tryLock } from './files/write-lock.ts';
import { createApi } from './service/api.ts';
import { createHandouts } from './service/handouts.ts';
import { createAudit } from './telemetry/audit.ts';
import { createLog } from './telemetry/log.ts';
import { createMetrics } from './telemetry/metrics.ts';
import { createChallenges } from './workloads/challenges.ts';
import { createAccess } from './workloads/access.ts';
import { createPeerLookup } from './workloads/peer.ts';
import type { VerifyServiceAccount } from './workloads/service-accounts.ts';
import { createTokens } from './workloads/tokens.ts';

const DRAIN_MS = 4_000;

export interface Daemon {
  readonly api: ControlApi;
  readonly listeners: readonly ServedListener[];
  metrics(): Promise<string>;
  /** Puts the configuration file in force, whole or not at all. Throws what is wrong with it. */
  reload(): Promise<void>;
  stop(): Promise<void>;
}

export interface DaemonOptions extends Surroundings {
  readonly log: NodeJS.WritableStream;
}

/**
 * The composition root of the daemon: builds the parts, joins them, listens. Throws
 * `DAEMON_RUNNING` for a second one of the same home, and what configuration and listeners throw.
 */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const parts = await buildParts('daemon', options);
  let release = () => {};
  try {
    release = await claimHome(parts);
    return await runDaemon(parts, options, release);
  } catch (error) {
    parts.broker.stop();
    release();
    throw error;
  }
}

async function runDaemon(
  parts: Parts,
  options: DaemonOptions,
  release: () => void,
): Promise<Daemon> {
  const { paths, events, broker, clock, catalog } = parts;
  const telemetry = startTelemetry(parts, options.log);
  const tokens = createTokens(paths.tokens, clock);
  const ownUid = process.getuid?.();
  const table = createWorkloadTable(parts, tokens, ownUid);
  await table.rebuild(parts.config());
  const handouts = createHandouts(events, clock, telemetry.audited);
  const challenges = createChallenges(parts.config().azure_arc.token_directory, clock);
  const access = createAccess({
    workloads: table.current,
    tokens,
    challenges,
    verifyServiceAccount: verifierOf(parts),
    get: broker.get,
    handouts,
  });
  const listening: ListenOptions = {
    context: {
      now: clock.now,
      monotonic: clock.monotonic,
      sleep: (ms, signal) => clock.sleep(ms, signal),
      onChange: table.onChange,
      installationId: await installationId(paths.installationId),
      ...access,
    },
    events,
    clock,
    lookupPeer: createPeerLookup(),
  };
  const listeners = await listenAll(parts.config().listeners, listening);
  const own = createOwnListeners(table, listening);
  const running = { table, tokens, listeners, own, ownUid };

  const { reload, refresh } = createReload(parts, table);
  const api = createApi(parts, {
    handouts,
    listeners: () =>
      [...listeners, ...own.current()].map(({ address, endpoints }) => ({ address, endpoints })),
    problemOf: async (workload) => problemOf(table.current().get(workload)),
    profiles: (input) => profilesOf(parts, input),
    openWorkload: (input) => openWorkload(parts, input, running),
    reload,
    changed: refresh,
  });
  const closeListeners = (deadlineMs: number) =>
    Promise.all(listeners.map((one) => one.close(deadlineMs)));
  const control = await serveControl(api, paths.controlSocket, telemetry.metrics).catch(
    async (error: unknown) => {
      await closeListeners(0);
      throw error;
    },
  );
  const unwatch = catalog.watch((names) => {
    for (const name of names) broker.forget(name);
    void refresh();
  });

  async function stop(): Promise<void> {
    unwatch();
    await Promise.all([closeListeners(DRAIN_MS), own.close(DRAIN_MS)]);
    await control.close();
    await challenges.close();
    broker.stop();
    await telemetry.flush();
    release();
  }

  let stopped: Promise<void> | undefined;
  return {
    api,
    listeners,
    metrics: telemetry.metrics,
    reload,
    stop: () => (stopped ??= stop()),
  };
}

async function claimHome({ paths }: Parts): Promise<() => void> {
  const release = await tryLock(paths.daemonLock).catch((error: unknown) => {
    throw homeUnwritable(paths, error);
  });
  if (release !== undefined) return release;
  throw new ValetkeyError('DAEMON_RUNNING', {
    subject: paths.home,
    hint: 'valetkey status shows it; stop it first, or choose another VALETKEY_HOME',
  });
}

function startTelemetry(parts: Parts, destination: NodeJS.WritableStream) {
  const log = createLog(() => parts.config().log.level, destination);
  const metrics = createMetrics();
  const audit = createAudit(parts.paths.audit, (error) =>
    log.problem('the audit trail cannot be written', error),
  );
  for (const { listen } of [log, metrics, audit]) parts.events.subscribe(listen);
  return {
    metrics: metrics.render,
    audited: audit.flush,
    async flush() {
      await audit.flush();
      await log.flush();
    },
  };
}

function verifierOf(parts: Parts) {
  return (): VerifyServiceAccount | undefined => {
    const rules = parts.config().pod_identity;
    if (rules === undefined) return undefined;
    const { jwks_file: jwksFile, issuer, audience } = rules;
    return async (jwt) => {
      const { createServiceAccountVerifier } = await import('./workloads/service-accounts.ts');
      return createServiceAccountVerifier({ jwksFile, issuer, audience }, parts.clock)(jwt);
    };
  };
}
