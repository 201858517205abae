import type { Clock } from '../../src/core/clock.ts';
import type { AccessToken, Issued, IssueRequest } from '../../src/core/credential.ts';
import { tokenId } from '../../src/core/token-id.ts';
import { ValetkeyError } from '../../src/core/errors.ts';
import { ConnectorName } from '../../src/core/ids.ts';
import type {
  AzureInstance,
  Caller,
  CallerIdentity,
  IssueChoice,
} from '../../src/endpoints/contract.ts';
import { requestFor } from '../../src/workloads/choose-token.ts';
import type { WorkloadProfile } from '../../src/workloads/workload.ts';

export const TENANT = '5f1c2d3e-4a5b-6c7d-8e9f-0a1b2c3d4e5f';
export const SUBSCRIPTION = '11111111-2222-3333-4444-555555555555';

/** A resource that the identities may not ask for. */
export const FORBIDDEN_RESOURCE = 'https://forbidden.example';

/** Everything else that a line of the checklist asks for. */
const ASKABLE = [
  'https://*.azure.com/.default',
  'https://*.azure.com//.default',
  'https://management.core.windows.net//.default',
  '2ff814a6-3304-4ab8-85cb-cd0e6f879c1d/.default',
];

/** The default identity of a workload, and a user-assigned one. */
export const AZURE_IDENTITIES: readonly [CallerIdentity, CallerIdentity] = [
  {
    cloud: 'azure',
    profile: 'azure-main',
    clientId: 'aaaaaaaa-0000-4000-8000-00000000000a',
    objectId: 'bbbbbbbb-0000-4000-8000-00000000000b',
    tenantId: TENANT,
    subscriptionId: SUBSCRIPTION,
    environment: 'AzurePublicCloud',
    askable: ASKABLE,
    audiences: [],
  },
  {
    cloud: 'azure',
    profile: 'azure-other',
    clientId: 'cccccccc-0000-4000-8000-00000000000c',
    objectId: 'dddddddd-0000-4000-8000-00000000000d',
    resourceId: `/subscriptions/${SUBSCRIPTION}/resourceGroups/Rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/other`,
    tenantId: TENANT,
    environment: 'AzurePublicCloud',
    askable: ASKABLE,
    audiences: [],
  },
];

export const AZURE: AzureInstance = {
  name: 'app',
  location: 'westeurope',
  resourceGroup: 'rg-app',
  vmSize: 'custom',
  tags: { team: 'data', env: 'dev' },
};

const HOUR_MS = 3_600_000;

/** A JWT as Entra makes it, but for the signature; another for each `mark`. */
export function entraToken(
  identity: CallerIdentity,
  scopes: readonly string[],
  at: number,
  { ms = HOUR_MS, mark = '' }: { readonly ms?: number; readonly mark?: string } = {},
): AccessToken {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = {
    aud: scopes.map((scope) => scope.replace(/\/\.default$/, '')).join(),
    appid: identity.clientId,
    oid: identity.objectId,
    tid: identity.tenantId,
    iat: Math.floor(at / 1000),
    exp: Math.floor((at + ms) / 1000),
    mark,
  };
  const token = [part({ alg: 'RS256', typ: 'JWT' }), part(claims), 'plantedSignature'].join('.');
  return {
    kind: 'access-token',
    id: tokenId(token),
    token,
    issuedAt: at,
    expiresAt: at + ms,
    principal: identity.clientId,
    account: identity.tenantId,
    scopes,
  };
}

const profiles = new WeakMap<CallerIdentity, WorkloadProfile>();

export function azureProfile(identity: CallerIdentity): WorkloadProfile {
  const known = profiles.get(identity);
  if (known !== undefined) return known;
  const made: WorkloadProfile = {
    name: identity.profile,
    kind: 'access-token',
    region: undefined,
    account: identity,
    request: {
      connector: ConnectorName.parse(identity.profile),
      resources: [{ type: 'azure-generic', access: 'full' }],
    },
  };
  profiles.set(identity, made);
  return made;
}

/** A broker’s answer with what Entra gave. */
export function azureIssued(request: IssueRequest, credential: AccessToken): Issued {
  return {
    request,
    credential,
    connectorType: 'azure',
    authMethod: 'service-principal',
    narrowed: true,
    scope: null,
  };
}

export interface AzureUpstream {
  /** Makes what the cloud hands out from now on another one. */
  renew(mark: string): void;
  /** Does it replace what a client does not want? It may have done so a moment ago. */
  replaces: boolean;
  issue(caller: Caller, choice: IssueChoice): Issued;
}

/** A broker that always has what a workload’s identities grant, the same until it is renewed or not wanted. */
export function createAzureBroker(clock: Clock): AzureUpstream {
  let held = new WeakMap<IssueRequest, Issued>();
  let mark = '';
  let made = 0;

  const obtain = (identity: CallerIdentity, request: IssueRequest): Issued => {
    const scopes = request.token?.kind === 'access-token' ? request.token.scopes : [];
    const token = entraToken(identity, scopes, clock.now(), { mark: `${mark}${made}` });
    const issued = azureIssued(request, token);
    held.set(request, issued);
    return issued;
  };

  const broker: AzureUpstream = {
    replaces: false,
    renew(next) {
      mark = next;
      held = new WeakMap();
    },
    issue({ identities }, choice) {
      const identity = identities.find(({ profile }) => profile === choice.profile);
      if (identity === undefined) throw new ValetkeyError('NOT_FOUND');
      const request = requestFor(azureProfile(identity), choice);
      const before = held.get(request);
      const unwanted = before !== undefined && choice.unwanted?.(before) === true;
      if (before !== undefined && !(unwanted && broker.replaces)) return before;
      if (before !== undefined) made += 1;
      return obtain(identity, request);
    },
  };
  return broker;
}
