import { join } from 'node:path';

import { createBroker } from '../../src/broker/broker.ts';
import type { Broker } from '../../src/broker/contract.ts';
import type { AccessToken, IssueRequest } from '../../src/core/credential.ts';
import { createEvents } from '../../src/core/events.ts';
import { createAccess } from '../../src/workloads/access.ts';
import { createChallenges, type Challenges } from '../../src/workloads/challenges.ts';
import { createTokens } from '../../src/workloads/tokens.ts';
import type { Workload } from '../../src/workloads/workload.ts';
import {
  AZURE,
  AZURE_IDENTITIES,
  azureIssued,
  azureProfile,
  entraToken,
} from './azure-identities.ts';
import { endpointWorld, type World } from './endpoint-world.ts';
import { GCE } from './google-accounts.ts';
import { temporaryHome } from './home.ts';

export interface AzureStack {
  /** For `served` and `TRANSPORTS`: what stands behind its context is real but for the cloud. */
  readonly world: World;
  readonly broker: Broker;
  readonly challenges: Challenges;
  /** Where challenge files are. */
  readonly directory: string;
  /** The workload’s bearer secret. */
  readonly secret: string;
  /** What the cloud was asked for. */
  readonly calls: readonly IssueRequest[];
  /** What the cloud does from now on. */
  cloud: (request: IssueRequest, at: number) => Promise<AccessToken>;
}

/** A token that lives `ms`, another each time. */
export const lasting =
  (ms: number): AzureStack['cloud'] =>
  ({ connector, token }, at) => {
    const identity = AZURE_IDENTITIES.find(({ profile }) => profile === connector);
    if (identity === undefined) throw new Error(`no identity ${connector}`);
    const scopes = token?.kind === 'access-token' ? token.scopes : [];
    return Promise.resolve(entraToken(identity, scopes, at, { ms, mark: String(at) }));
  };

/** Workloads, grants, challenges and broker as the daemon joins them, in front of a cloud that can be told what to do. */
export async function azureStack(): Promise<AzureStack> {
  const world = endpointWorld();
  const { clock } = world;
  const calls: IssueRequest[] = [];
  const broker = createBroker({
    clock,
    events: createEvents(),
    random: () => 0,
    issue: async (request) => {
      calls.push(request);
      return azureIssued(request, await stack.cloud(request, clock.now()));
    },
  });
  const uid = process.getuid?.() ?? 0;
  const workload: Workload = {
    name: 'app',
    region: undefined,
    roleName: 'app',
    imdsV1: false,
    gce: GCE,
    azure: AZURE,
    clients: [
      { kind: 'token' },
      { kind: 'listener', listener: 'test-listener', uid: undefined },
      { kind: 'challenge', listener: 'test-listener', uid },
    ],
    profiles: AZURE_IDENTITIES.map(azureProfile),
  };
  const table = new Map([['app', workload]]);
  const home = await temporaryHome();
  const tokens = createTokens(home, clock);
  const { token: secret } = await tokens.load('app');
  const directory = join(home, 'challenges');
  const challenges = createChallenges(directory, clock);
  const access = createAccess({
    workloads: () => table,
    tokens,
    challenges,
    verifyServiceAccount: () => undefined,
    get: broker.get,
    handouts: { claim: () => true, record: () => Promise.resolve() },
  });
  const stack: AzureStack = {
    world: { ...world, context: { ...world.context, ...access } },
    broker,
    challenges,
    directory,
    secret,
    calls,
    cloud: lasting(3_600_000),
  };
  return stack;
}
