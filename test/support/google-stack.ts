import { createBroker } from '../../src/broker/broker.ts';
import type { Broker } from '../../src/broker/contract.ts';
import type { AccessToken, IdToken, IssueRequest } from '../../src/core/credential.ts';
import { createEvents } from '../../src/core/events.ts';
import { ConnectorName } from '../../src/core/ids.ts';
import { createAccess } from '../../src/workloads/access.ts';
import { createTokens } from '../../src/workloads/tokens.ts';
import type { Workload } from '../../src/workloads/workload.ts';
import { endpointWorld, type World } from './endpoint-world.ts';
import { accessToken, GCE, GOOGLE_ACCOUNTS, identityToken } from './google-accounts.ts';
import { temporaryHome } from './home.ts';

const [ACCOUNT] = GOOGLE_ACCOUNTS;

export interface GoogleStack {
  /** For `served` and `TRANSPORTS`: what stands behind its context is real but for the cloud. */
  readonly world: World;
  readonly broker: Broker;
  /** What the cloud was asked for. */
  readonly calls: readonly IssueRequest[];
  /** What the cloud does from now on. */
  cloud: (request: IssueRequest, at: number) => Promise<AccessToken | IdToken>;
}

/** A token with an hour of life, another each time. */
const generous: GoogleStack['cloud'] = ({ token }, at) =>
  Promise.resolve(
    token?.kind === 'id-token'
      ? identityToken(ACCOUNT, at, token.audience)
      : lasting(at, 3_600_000, token?.scopes),
  );

export function lasting(at: number, ms: number, scopes?: readonly string[]): AccessToken {
  const made = accessToken(ACCOUNT, at, scopes);
  return {
    ...made,
    id: `${made.id}-${at}`,
    token: `${made.token}.${at}`,
    expiresAt: at + ms,
  };
}

/** Workloads, grants and broker as the daemon joins them, in front of a cloud that can be told what to do. */
export async function googleStack(): Promise<GoogleStack> {
  const world = endpointWorld();
  const { clock } = world;
  const calls: IssueRequest[] = [];
  const broker = createBroker({
    clock,
    events: createEvents(),
    random: () => 0,
    issue: async (request) => {
      calls.push(request);
      const credential = await stack.cloud(request, clock.now());
      return {
        request,
        credential,
        connectorType: 'gcp',
        authMethod: 'service-account',
        narrowed: true,
        scope: null,
      };
    },
  });
  const workload: Workload = {
    name: 'app',
    region: undefined,
    roleName: 'app',
    imdsV1: false,
    azure: { name: 'app', vmSize: 'custom', tags: {} },
    gce: GCE,
    clients: [{ kind: 'listener', listener: 'test-listener', uid: undefined }],
    profiles: [
      {
        name: ACCOUNT.profile,
        kind: 'access-token',
        region: undefined,
        account: ACCOUNT,
        request: {
          connector: ConnectorName.parse('gcp-dev'),
          resources: [{ type: 'gcp-generic', access: 'full' }],
        },
      },
    ],
  };
  const table = new Map([['app', workload]]);
  const access = createAccess({
    workloads: () => table,
    tokens: createTokens(await temporaryHome(), clock),
    verifyServiceAccount: () => undefined,
    challenges: undefined,
    get: broker.get,
    handouts: { claim: () => true, record: () => Promise.resolve() },
  });
  const stack: GoogleStack = {
    world: { ...world, context: { ...world.context, ...access } },
    broker,
    calls,
    cloud: generous,
  };
  return stack;
}
