import type { JSONWebKeySet } from 'jose';
import type { Accounts as AwsAccounts } from '../aws/accounts.ts';
import { isObject } from './json.ts';
import type { JsonObject } from './json.ts';
import type { Principal } from './principals.ts';

/** An OpenID Connect issuer, as a provider is configured with it. */
export interface OidcSource {
  readonly issuer: string;
  /** Replaceable, to rotate keys. */
  jwks: JSONWebKeySet;
  /** Default: the provider's own name, with and without `https:`. */
  readonly allowedAudiences?: readonly string[];
}

export interface PoolOptions {
  readonly projectNumber: string;
  readonly pool: string;
  readonly provider: string;
  readonly oidc?: OidcSource;
  /** An AWS account, and who knows its keys: `accounts` of the AWS stand-in. */
  readonly aws?: { readonly account: string; readonly keys: Pick<AwsAccounts, 'findKey'> };
  /** `google.subject` and `attribute.NAME` → `assertion.CLAIM` alone, without further CEL. */
  readonly attributeMapping?: Readonly<Record<string, string>>;
  /** The provider's attribute condition, over the claims. */
  readonly condition?: (claims: JsonObject) => boolean;
}

export interface Provider extends PoolOptions {
  /** `projects/N/locations/global/workloadIdentityPools/P`. */
  readonly poolName: string;
  /** `//iam.googleapis.com/projects/…/providers/X`: the `audience` of the exchange. */
  readonly audience: string;
  disabled: boolean;
}

/** A provider, and the names its principals have in allow policies. */
export interface Pool {
  readonly audience: string;
  member(subject: string): string;
  memberSet(attribute?: string, value?: string): string;
  disable(): void;
}

export type Pools = ReturnType<typeof createPools>;

const OIDC_MAPPING = { 'google.subject': 'assertion.sub' };
const AWS_MAPPING = { 'google.subject': 'assertion.arn', 'attribute.account': 'assertion.account' };

/** https://cloud.google.com/iam/docs/workload-identity-federation */
export function createPools() {
  const providers = new Map<string, Provider>();
  return {
    addPool(options: PoolOptions): Pool {
      const { projectNumber, pool, provider: name } = options;
      const poolName = `projects/${projectNumber}/locations/global/workloadIdentityPools/${pool}`;
      const audience = `//iam.googleapis.com/${poolName}/providers/${name}`;
      const provider: Provider = { ...options, poolName, audience, disabled: false };
      providers.set(audience, provider);
      const set = `principalSet://iam.googleapis.com/${poolName}`;
      return {
        audience,
        member: (subject) => `principal://iam.googleapis.com/${poolName}/subject/${subject}`,
        memberSet: (attribute, value = '') =>
          attribute === undefined ? `${set}/*` : `${set}/attribute.${attribute}/${value}`,
        disable: () => void (provider.disabled = true),
      };
    },
    findProvider(audience: string): Provider | undefined {
      const provider = providers.get(audience);
      return provider?.disabled === false ? provider : undefined;
    },
  };
}

/** Undefined when the mapping finds no subject. */
export function mapPrincipal(provider: Provider, claims: JsonObject): Principal | undefined {
  const mapping =
    provider.attributeMapping ?? (provider.aws === undefined ? OIDC_MAPPING : AWS_MAPPING);
  const mapped = new Map<string, string>();
  for (const [name, path] of Object.entries(mapping)) {
    const value = lookUp(claims, path);
    if (value !== undefined) mapped.set(name, value);
  }
  const subject = mapped.get('google.subject');
  // At most 127 bytes: https://cloud.google.com/iam/docs/workload-identity-federation#mapping
  if (subject === undefined || subject === '' || Buffer.byteLength(subject) > 127) return undefined;
  const attributes = [...mapped].flatMap(([name, value]) =>
    name.startsWith('attribute.') ? [[name.slice('attribute.'.length), value]] : [],
  );
  return {
    kind: 'federated',
    pool: provider.poolName,
    subject,
    attributes: Object.fromEntries(attributes) as Record<string, string>,
  };
}

function lookUp(claims: JsonObject, path: string): string | undefined {
  const [root, ...names] = path.split('.');
  if (root !== 'assertion') throw new Error(`a mapping reads assertion.CLAIM, not ${path}`);
  let value: unknown = claims;
  for (const name of names) value = isObject(value) ? value[name] : undefined;
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}
