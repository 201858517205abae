import type { AccessToken, IdToken, Issued, IssueRequest } from '../../src/core/credential.ts';
import type { Clock } from '../../src/core/clock.ts';
import { ConnectorName } from '../../src/core/ids.ts';
import { tokenId } from '../../src/core/token-id.ts';
import { ValetkeyError } from '../../src/core/errors.ts';
import type {
  Caller,
  CallerAccount,
  GceInstance,
  IssueChoice,
} from '../../src/endpoints/contract.ts';
import { requestFor } from '../../src/workloads/choose-token.ts';
import type { WorkloadProfile } from '../../src/workloads/workload.ts';

export const EMAIL = 'app@my-project-123.iam.gserviceaccount.com';
export const OTHER_EMAIL = 'reader@other-project-456.iam.gserviceaccount.com';
export const PROJECT = 'my-project-123';
export const PROJECT_NUMBER = '123456789012';

const AUTH = 'https://www.googleapis.com/auth';
export const SCOPES = {
  platform: `${AUTH}/cloud-platform`,
  read: `${AUTH}/devstorage.read_only`,
  email: `${AUTH}/userinfo.email`,
  forbidden: `${AUTH}/compute`,
} as const;

/** The default account of a workload, which may ask for any audience, and one that has none. */
export const GOOGLE_ACCOUNTS: readonly [CallerAccount, CallerAccount] = [
  {
    cloud: 'google',
    profile: 'main',
    email: EMAIL,
    projectId: PROJECT,
    projectNumber: PROJECT_NUMBER,
    universeDomain: 'googleapis.com',
    scopes: [SCOPES.platform, SCOPES.email],
    askable: [SCOPES.platform, SCOPES.email, SCOPES.read],
    audiences: 'any',
  },
  {
    cloud: 'google',
    profile: 'other',
    email: OTHER_EMAIL,
    projectId: 'other-project-456',
    universeDomain: 'googleapis.com',
    scopes: [SCOPES.read],
    askable: [SCOPES.read],
    audiences: [],
  },
];

export const GCE: GceInstance = {
  name: 'app',
  zone: 'europe-west4-a',
  machineType: 'custom',
  tags: ['web', 'db'],
  attributes: { b: '2', a: '1' },
  projectAttributes: {},
};

const HOUR_MS = 3_600_000;

export function accessToken(
  account: CallerAccount,
  at: number,
  scopes: readonly string[] = account.scopes,
): AccessToken {
  const named = scopes.map((scope) => scope.split('/').at(-1));
  const token = ['ya29.plantedAccessToken', account.profile, ...named].join('.');
  return {
    kind: 'access-token',
    id: tokenId(token),
    token,
    issuedAt: at,
    expiresAt: at + HOUR_MS,
    principal: account.email,
    account: account.projectId,
    scopes,
  };
}

/** A JWT as Google makes it, but for the signature. */
export function identityToken(account: CallerAccount, at: number, audience: string): IdToken {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = {
    iss: 'https://accounts.google.com',
    aud: audience,
    email: account.email,
    iat: at / 1000,
    exp: (at + HOUR_MS) / 1000,
  };
  const token = [part({ alg: 'RS256' }), part(claims), 'plantedSignature'].join('.');
  return {
    kind: 'id-token',
    id: tokenId(token),
    token,
    audience,
    issuedAt: at,
    expiresAt: at + HOUR_MS,
    principal: account.email,
    account: account.projectId,
  };
}

/**
 * A broker that always has what a workload's accounts grant, the same until it is renewed. `usual` is
 * the default account's token when nothing is chosen.
 */
export function createGoogleBroker(
  clock: Clock,
  usual: () => AccessToken,
): (caller: Caller, choice: IssueChoice) => Issued {
  const profiles = new WeakMap<CallerAccount, WorkloadProfile>();
  const held = new WeakMap<IssueRequest, Issued>();

  const profileOf = (account: CallerAccount): WorkloadProfile => {
    const known = profiles.get(account);
    if (known !== undefined) return known;
    const made: WorkloadProfile = {
      name: account.profile,
      kind: 'access-token',
      region: undefined,
      account,
      request: {
        connector: ConnectorName.parse(account.profile),
        resources: [{ type: 'gcp-generic', access: 'full' }],
      },
    };
    profiles.set(account, made);
    return made;
  };

  const obtain = (account: CallerAccount, { token }: IssueRequest) =>
    token?.kind === 'id-token'
      ? identityToken(account, clock.now(), token.audience)
      : accessToken(account, clock.now(), token?.scopes);

  return ({ accounts }, choice) => {
    const account = accounts.find(({ profile }) => profile === choice.profile);
    if (account === undefined) throw new ValetkeyError('NOT_FOUND');
    const request = requestFor(profileOf(account), choice);
    const about = {
      request,
      connectorType: 'gcp',
      authMethod: 'service-account',
      narrowed: true,
      scope: null,
    };
    if (account === accounts[0] && request.token === undefined) {
      return { ...about, credential: usual() };
    }
    const before = held.get(request);
    if (before !== undefined) return before;
    const made = { ...about, credential: obtain(account, request) };
    held.set(request, made);
    return made;
  };
}
