import type { AccessToken, AwsSession, Issued } from '../../src/core/credential.ts';
import { ConnectorName } from '../../src/core/ids.ts';
import { ValetkeyError } from '../../src/core/errors.ts';
import type { ErrorCode } from '../../src/core/errors.ts';
import type { Event } from '../../src/core/events.ts';
import type { Caller, EndpointContext, IssueChoice, Proof } from '../../src/endpoints/contract.ts';
import { AZURE, AZURE_IDENTITIES, createAzureBroker } from './azure-identities.ts';
import type { AzureUpstream } from './azure-identities.ts';
import { fakeClock } from './fake-clock.ts';
import type { FakeClock } from './fake-clock.ts';
import { accessToken, createGoogleBroker, GCE, GOOGLE_ACCOUNTS } from './google-accounts.ts';

/** A workload’s bearer secret. */
export const SECRET = 'S3cret-_0123456789abcdefghijklmnopqrstuvwxyz';
export const ACCOUNT = '111122223333';
/** What must never be seen in an error, a log or a header. */
export const PLANTED = [
  SECRET,
  'plantedSecretAccessKey',
  'plantedSessionToken',
  'plantedAccessToken',
  'plantedSignature',
  'plantedChallengeKey',
  'planted-cause',
];

/** Service-account tokens by what a verifier would say of them. */
export const JWT = {
  good: 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl',
  /** The same subject after the kubelet has rotated it. */
  rotated: 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIiwibiI6MX0.c2lnbmF0dXJlMg',
  expired: 'eyJhbGciOiJSUzI1NiJ9.eyJleHAiOjF9.c2lnbmF0dXJl',
  wrongAudience: 'eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJ4In0.c2lnbmF0dXJl',
  unsigned: 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.',
} as const;

/** How the broker behaves. */
export type Upstream =
  | 'ok'
  /** Nothing comes in time. */
  | 'hangs'
  | { readonly code: ErrorCode; readonly upstreamCode?: string };

export interface World {
  readonly clock: FakeClock;
  readonly context: Omit<EndpointContext, 'refused'>;
  readonly events: Event[];
  readonly emit: (event: Event) => void;
  readonly choices: IssueChoice[];
  /** Longest waits of credentials that were only to be made ready. */
  readonly prepared: number[];
  upstream: Upstream;
  caller: Caller;
  /** Nobody is known on this connection. */
  nobody: boolean;
  /** Answer with promises, as a lookup in the kernel or a cold cache does. */
  slowly: boolean;
  /** Who waits for workloads to change. */
  readonly listeners: Set<() => void>;
  session: AwsSession;
  /** Google: what the default account's usual token is. */
  token: AccessToken;
  readonly azure: AzureUpstream;
}

export function session(at: number, profile = 'main', tokenLength = 400): AwsSession {
  return {
    kind: 'aws-session',
    accessKeyId: profile === 'main' ? 'ASIAMAINEXAMPLE00000' : 'ASIAOTHEREXAMPLE0000',
    secretAccessKey: 'plantedSecretAccessKey+/0123456789abcdef',
    sessionToken: 'plantedSessionToken'.padEnd(tokenLength, 'x'),
    issuedAt: at,
    expiresAt: at + 3_600_000,
    accountId: ACCOUNT,
    principalArn: `arn:aws:sts::${ACCOUNT}:assumed-role/Reader/valetkey`,
    roleArn: `arn:aws:iam::${ACCOUNT}:role/Reader`,
  };
}

const PROFILES = ['main', 'other'];

export function caller(changes: Partial<Caller> = {}): Caller {
  return {
    workload: 'app',
    region: 'eu-west-1',
    roleName: 'app-role',
    imdsV1: false,
    gce: GCE,
    azure: AZURE,
    identities: AZURE_IDENTITIES,
    accounts: GOOGLE_ACCOUNTS,
    profiles: (kind) => (kind === 'aws-session' ? PROFILES : []),
    ...changes,
  };
}

const issued = (credential: AwsSession): Issued => ({
  request: {
    connector: ConnectorName.parse('aws-dev'),
    resources: [{ type: 'aws-generic', access: 'full' }],
  },
  credential,
  connectorType: 'aws',
  authMethod: 'iam-role',
  narrowed: true,
  scope: null,
});

/** What the file of a challenge is called and holds. */
export const CHALLENGE = {
  file: '/var/opt/azcmagent/tokens/one.key',
  key: 'plantedChallengeKey-0123456789',
};

/** Does a proof hold? Throws for a service-account token of which the caller may be told. */
function isKnown(proof: Proof): boolean {
  if (proof.kind === 'none') return true;
  if (proof.kind === 'token') return proof.token === SECRET;
  if (proof.kind === 'challenge') return proof.key === CHALLENGE.key;
  if (proof.jwt === JWT.expired || proof.jwt === JWT.unsigned) {
    throw new ValetkeyError('UPSTREAM_INVALID', { reason: 'the token has expired' });
  }
  return proof.jwt === JWT.good || proof.jwt === JWT.rotated;
}

function isAzure({ identities }: Caller, { profile }: IssueChoice): boolean {
  return identities.some((identity) => identity.profile === profile);
}

/** An endpoint's surroundings, small and obedient: what the daemon makes of brokers and workloads. */
export function endpointWorld(): World {
  const clock = fakeClock();
  const other = session(clock.now(), 'other');
  const google = createGoogleBroker(clock, () => world.token);
  const azure = createAzureBroker(clock);
  const events: Event[] = [];
  const soon = <T>(value: T): T | Promise<T> => (world.slowly ? Promise.resolve(value) : value);

  const world: World = {
    clock,
    events,
    emit: (event) => events.push(event),
    choices: [],
    prepared: [],
    upstream: 'ok',
    caller: caller(),
    nobody: false,
    slowly: false,
    listeners: new Set(),
    session: session(clock.now()),
    token: accessToken(GOOGLE_ACCOUNTS[0], clock.now()),
    azure,
    context: {
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      sleep: (ms, signal) => clock.sleep(ms, signal),
      onChange: (listener) => {
        world.listeners.add(listener);
        return () => void world.listeners.delete(listener);
      },
      installationId: 'a1b2c3d4e5f60718'.repeat(4),
      identify: (_connection, proof) => soon(whoShows(proof)),
      challenge: () => Promise.resolve(world.nobody ? undefined : CHALLENGE.file),
      holds: (found) => !world.nobody && found === world.caller,
      issue: (asking, choice) => {
        world.choices.push(choice);
        if (world.upstream === 'hangs') return late(choice.waitMs);
        if (world.upstream !== 'ok') {
          const { code, upstreamCode } = world.upstream;
          const error = new ValetkeyError(code, {
            cause: new Error(`planted-cause ${SECRET}`),
            ...(upstreamCode === undefined ? {} : { upstreamCode }),
          });
          if (world.slowly) return Promise.reject(error);
          throw error;
        }
        if (choice.kind !== 'aws-session')
          return soon(
            isAzure(asking, choice) ? azure.issue(asking, choice) : google(asking, choice),
          );
        return soon(issued(choice.profile === 'other' ? other : world.session));
      },
      prepare: (_caller, { waitMs }) => {
        world.prepared.push(waitMs);
        return world.upstream === 'hangs' ? clock.sleep(waitMs).then(() => undefined) : undefined;
      },
    },
  };

  const whoShows = (proof: Proof): Caller | undefined =>
    world.nobody || !isKnown(proof) ? undefined : world.caller;

  const late = async (waitMs: number): Promise<Issued> => {
    await clock.sleep(waitMs);
    throw new ValetkeyError('NOT_READY');
  };
  return world;
}
