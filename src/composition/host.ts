import { createHash } from 'node:crypto';

import type { WorkloadAccess, WorkloadProfiles } from '../control/api.ts';
import type { Checked } from '../control/schema.ts';
import { toWire, ValetkeyError } from '../core/errors.ts';
import { resolveGrants } from '../service/grants.ts';
import type { Service } from '../service/context.ts';
import { byListener } from '../workloads/identify.ts';
import type { Tokens } from '../workloads/tokens.ts';
import type { Workload, WorkloadProfile } from '../workloads/workload.ts';
import { azureInstance } from './azure-instance.ts';
import { APP_SERVICE_ENDPOINT, cloudsOf, GOOGLE_ENDPOINT, IMDS_ENDPOINT } from './clouds.ts';
import { gceInstance } from './gce-instance.ts';
import type { ServedListener } from './listeners.ts';
import type { OwnListeners } from './own-listeners.ts';
import { accountNotes, defaultAccount, defaultIdentity } from './told-accounts.ts';
import type { WorkloadTable } from './workload-table.ts';

/** A workload's grants as issue requests, for an endpoint in another process (`exec`). */
export async function profilesOf(
  service: Service,
  input: Checked['workloadProfiles'],
): Promise<WorkloadProfiles> {
  const unnamed = 'grants' in input;
  const { workloads } = service.config();
  const known = !unnamed && Object.hasOwn(workloads, input.workload);
  const config = known ? workloads[input.workload] : undefined;
  if (!unnamed && config === undefined) throw unknownWorkload(service, input.workload);
  const name = unnamed ? 'exec' : input.workload;
  const profiles = await resolveGrants(service, unnamed ? input.grants : (config?.grants ?? []));
  return {
    workload: name,
    region: config?.region ?? profiles[0]?.region,
    roleName: config?.aws.role_name ?? name,
    imdsV1: config?.aws.imds_v1 ?? false,
    gce: gceInstance(name, config?.gcp),
    azure: azureInstance(name, config?.azure),
    profiles,
  };
}

/** What the daemon has of its own besides the parts of every process. */
export interface RunningParts {
  readonly table: WorkloadTable;
  readonly tokens: Tokens;
  readonly listeners: readonly ServedListener[];
  readonly own: OwnListeners;
  readonly ownUid: number | undefined;
}

/** What a program needs to use a workload of the running daemon. */
export async function openWorkload(
  service: Service,
  input: Checked['openWorkload'],
  running: RunningParts,
): Promise<WorkloadAccess> {
  const { table, tokens, listeners } = running;
  const name = 'grants' in input ? unnamedName(input.grants) : input.workload;
  const workload =
    'grants' in input ? await table.open(name, input.grants) : table.current().get(name);
  if (workload === undefined) throw unknownWorkload(service, name);
  const { token, file } = await tokens.load(name);
  const shared = listenerFor(workload, listeners);
  const profiles = workload.profiles instanceof ValetkeyError ? [] : workload.profiles;
  return {
    workload: name,
    region: workload.region,
    tokenFile: file,
    token,
    baseUrl: shared?.baseUrl,
    endpoints: shared?.endpoints.filter((kind) => mayUse(workload, kind, shared)) ?? [],
    gce: await googleServer(workload, profiles, running),
    azure: await azureServers(workload, profiles, running),
    clouds: cloudsOf(profiles),
    notes: accountNotes(profiles),
    problem: workload.profiles instanceof ValetkeyError ? toWire(workload.profiles) : undefined,
  };
}

async function googleServer(
  workload: Workload,
  profiles: readonly WorkloadProfile[],
  running: RunningParts,
): Promise<WorkloadAccess['gce']> {
  const account = defaultAccount(profiles, workload.gce);
  if (account === undefined) return undefined;
  const baseUrl = await metadataServer(workload, GOOGLE_ENDPOINT, running);
  return baseUrl === undefined ? undefined : { baseUrl, account };
}

/** The App Service shape by the workload's secret, and the metadata service besides, where each can be. */
async function azureServers(
  workload: Workload,
  profiles: readonly WorkloadProfile[],
  running: RunningParts,
): Promise<WorkloadAccess['azure']> {
  const identity = defaultIdentity(profiles, workload.azure);
  if (identity === undefined) return undefined;
  const bySecret = workload.clients.some(({ kind }) => kind === 'token');
  const appService = bySecret
    ? running.listeners.find((one) => isLoopback(one) && serves(one, APP_SERVICE_ENDPOINT))
    : undefined;
  const imds = await metadataServer(workload, IMDS_ENDPOINT, running);
  return { identity, appService: appService?.baseUrl, imds };
}

/**
 * A metadata server that knows the workload without a secret: a configured listener where it is the
 * only one of this user's, else one of its own. None where the kernel does not say who asks.
 */
async function metadataServer(
  workload: Workload,
  endpoint: string,
  { table, listeners, own, ownUid }: RunningParts,
): Promise<string | undefined> {
  const peer = ownUid === undefined ? undefined : { uid: ownUid };
  const known = listeners.find(
    (one) =>
      isLoopback(one) &&
      serves(one, endpoint) &&
      // By name: the table may have been made anew since.
      byListener(table.current().values(), one.name, peer)?.name === workload.name,
  );
  if (known === undefined && process.platform !== 'linux') return undefined; // nobody would be let in
  const { baseUrl } = known ?? (await own.of(workload.name));
  return baseUrl;
}

function serves({ endpoints }: ServedListener, endpoint: string): boolean {
  return endpoints.includes(endpoint);
}

function isLoopback({ baseUrl }: ServedListener): boolean {
  return baseUrl?.startsWith('http://127.') === true;
}

/** Why a workload's grants cannot be used, where they cannot. */
export function problemOf(workload: Workload | undefined): ValetkeyError | undefined {
  return workload?.profiles instanceof ValetkeyError ? workload.profiles : undefined;
}

/** A loopback listener: the workload's own where it has one, since another would not know it. */
function listenerFor(
  workload: Workload,
  listeners: readonly ServedListener[],
): ServedListener | undefined {
  const loopback = listeners.filter(isLoopback);
  return loopback.find((one) => isKnownBy(workload, one)) ?? loopback[0];
}

/** AWS's, and not to lead a client where it is refused: one asks for a token, the other for a listener. */
function mayUse(workload: Workload, endpoint: string, listener: ServedListener): boolean {
  if (endpoint === 'ecs') return workload.clients.some(({ kind }) => kind === 'token');
  if (endpoint === 'imds') return isKnownBy(workload, listener);
  return endpoint === 'pod-identity'; // other clouds' are found apart from these
}

function isKnownBy({ clients }: Workload, { name }: ServedListener): boolean {
  return clients.some((rule) => rule.kind === 'listener' && rule.listener === name);
}

/** The same grants are the same workload, so that asking twice does not make two. */
function unnamedName(grants: readonly object[]): string {
  const digest = createHash('sha256').update(JSON.stringify(grants)).digest('hex');
  return `unnamed-${digest.slice(0, 12)}`;
}

function unknownWorkload(service: Service, name: string): ValetkeyError {
  const known = Object.keys(service.config().workloads);
  return new ValetkeyError('WORKLOAD_NOT_FOUND', {
    subject: name,
    hint:
      known.length === 0
        ? `config.yaml has no workloads yet: ${service.paths.config}`
        : `configured are: ${known.join(', ')}`,
  });
}
