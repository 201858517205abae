import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createBroker } from '../broker/broker.ts';
import type { Broker } from '../broker/contract.ts';
import type { Cloud, ControlApi, WorkloadProfiles } from '../control/api.ts';
import type { Inputs } from '../control/schema.ts';
import type { Clock } from '../core/clock.ts';
import { credentialId } from '../core/credential.ts';
import type { IssueRequest } from '../core/credential.ts';
import { ERRORS, toValetkeyError } from '../core/errors.ts';
import { createEvents } from '../core/events.ts';
import type { Evidence } from '../core/events.ts';
import { azureIdentity } from '../core/token-account.ts';
import type { Variables } from '../endpoints/contract.ts';
import { createAccess } from '../workloads/access.ts';
import { createPeerLookup } from '../workloads/peer.ts';
import { createTokens } from '../workloads/tokens.ts';
import type { Workload } from '../workloads/workload.ts';
import { leadTo } from './client-variables.ts';
import {
  APP_SERVICE_ENDPOINT,
  cloudsOf,
  GOOGLE_ENDPOINT,
  IMDS_ENDPOINT,
  ofCloud,
} from './clouds.ts';
import { listen } from './listeners.ts';
import { refuseUnknownPeers } from './own-listeners.ts';
import { accountNotes, defaultAccount, defaultIdentity } from './told-accounts.ts';

export interface PrivateEndpoint {
  readonly variables: Variables;
  readonly warnings: readonly string[];
  stop(): Promise<void>;
}

export interface PrivateEndpointOptions {
  readonly api: ControlApi;
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const ADDRESS = '127.0.0.1:0';
const WARM_UP_MS = 20_000;
const UPSTREAM_MS = 30_000;

/**
 * An endpoint for one child process: a listener of its own on a free loopback port, a secret of its
 * own, both gone with `stop`. Credentials come from the control API, so that with a daemon running
 * its cache is shared; here they are held once more, so that the child never waits for the socket.
 * Throws what denies the grants; a cloud that is merely away is a warning.
 */
export async function openPrivateEndpoint(
  target: Inputs['openWorkload'],
  { api, clock, env }: PrivateEndpointOptions,
): Promise<PrivateEndpoint> {
  const profiles = await api.workloadProfiles(target);
  const clouds = cloudsOf(profiles.profiles);
  if (clouds.includes('google')) refuseUnknownPeers();
  const endpoints = clouds.flatMap(endpointsOf);
  const events = createEvents();
  const broker = createBroker({
    clock,
    events,
    issue: (request, _signal, unwanted) =>
      api.issue({
        request,
        evidence: evidenceOf(profiles),
        unwanted: unwanted && credentialId(unwanted.credential),
        wait_ms: UPSTREAM_MS,
      }),
  });
  const directory = await mkdtemp(join(tmpdir(), 'valetkey-exec-'));
  const tokens = createTokens(directory, clock);
  const { token, file } = await tokens.load(profiles.workload);
  // The same for as long as the child runs: endpoints keep what they have made of it.
  const workloads = new Map([[profiles.workload, workloadOf(profiles)]]);
  const listener = await listen(
    { address: ADDRESS, endpoints: endpoints.map(({ endpoint }) => endpoint) },
    {
      events,
      clock,
      lookupPeer: createPeerLookup(),
      context: {
        now: clock.now,
        monotonic: clock.monotonic,
        sleep: (ms, signal) => clock.sleep(ms, signal),
        onChange: () => () => {}, // nothing changes here
        installationId: randomBytes(32).toString('hex'),
        ...createAccess({
          workloads: () => workloads,
          tokens,
          verifyServiceAccount: () => undefined,
          challenges: undefined,
          get: broker.get,
          // The record is written where the credential is issued.
          handouts: { claim: () => false, record: () => Promise.resolve() },
        }),
      },
    },
  );
  const stop = async () => {
    await listener.close(500);
    broker.stop();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const warnings = (
      await Promise.all(clouds.map((cloud) => warmUp(broker, ofCloud(profiles.profiles, cloud))))
    ).flat();
    const told = [
      ...otherProfiles(ofCloud(profiles.profiles, 'aws')),
      ...accountNotes(profiles.profiles),
    ];
    const input = {
      baseUrl: listener.baseUrl ?? '',
      token,
      tokenFile: file,
      region: profiles.region,
    };
    const accounts = {
      aws: undefined,
      google: defaultAccount(profiles.profiles, profiles.gce),
      azure: defaultIdentity(profiles.profiles, profiles.azure),
    };
    const led = await leadTo(
      endpoints.map((one) => ({ ...one, ...input, account: accounts[one.cloud] })),
      { env, now: clock.now(), directory, folderOf: (tool) => join(directory, tool), always: true },
    );
    return {
      variables: led.variables,
      warnings: [...new Set([...warnings, ...told, ...led.warnings])],
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

type Profile = WorkloadProfiles['profiles'][number];

/** Azure's clients know one shape or the other; that of the metadata service needs the kernel's word. */
function endpointsOf(
  cloud: Cloud,
): readonly { readonly cloud: Cloud; readonly endpoint: string }[] {
  const azure = [...(process.platform === 'linux' ? [IMDS_ENDPOINT] : []), APP_SERVICE_ENDPOINT];
  const all = { aws: ['ecs'], google: [GOOGLE_ENDPOINT], azure };
  return all[cloud].map((endpoint) => ({ cloud, endpoint }));
}

/** One credential of each cloud before the child starts: a denial is told now, not in the child's log. */
async function warmUp(broker: Broker, [first]: readonly Profile[]): Promise<readonly string[]> {
  const request = first === undefined ? undefined : firstRequest(first);
  if (request === undefined) return [];
  try {
    await broker.get(request, WARM_UP_MS);
    return [];
  } catch (thrown) {
    const error = toValetkeyError(thrown);
    const passing = error.code === 'NOT_READY' || error.code.startsWith('UPSTREAM_');
    if (!passing || ERRORS[error.code].retry === 'no') throw error;
    return [`${error.message}; started all the same, credentials follow when it answers`];
  }
}

/**
 * What a client will ask for: of Azure, a token of the first audience of the grant, since no other one is
 * of use to a client; none where the grant names no whole one.
 */
function firstRequest(profile: Profile): IssueRequest | undefined {
  const askable = azureIdentity(profile.account)?.askable;
  if (askable === undefined || askable === 'any') return profile.request;
  const scope = askable.find((one) => !one.includes('*'));
  if (scope === undefined) return undefined;
  return { ...profile.request, token: { kind: 'access-token', scopes: [scope] } };
}

/** Of AWS: what the container endpoint serves beside its default. */
function otherProfiles([first, ...others]: readonly Profile[]): readonly string[] {
  if (first === undefined || others.length === 0) return [];
  return [
    `clients get ${first.name} unasked; ${others.map(({ name }) => name).join(', ')} ` +
      'at the path /v1/credentials/<name> of the same endpoint',
  ];
}

function evidenceOf({ workload }: WorkloadProfiles): Evidence {
  return { workload, by: 'control', endpoint: 'exec', uid: process.getuid?.(), pid: process.pid };
}

function workloadOf(profiles: WorkloadProfiles): Workload {
  return {
    name: profiles.workload,
    region: profiles.region,
    roleName: profiles.roleName,
    imdsV1: false,
    gce: profiles.gce,
    azure: profiles.azure,
    clients: [
      { kind: 'token' },
      { kind: 'listener', listener: ADDRESS, uid: process.getuid?.() ?? -1 },
    ],
    profiles: profiles.profiles.map((profile) => ({ ...profile, region: profiles.region })),
  };
}
