import type { z } from 'zod';

import type { Clock } from '../core/clock.ts';
import type {
  Access,
  Credential,
  CredentialKind,
  IdToken,
  ResourceRequest,
} from '../core/credential.ts';
import type { Secret } from '../core/secret.ts';
import type { TokenAccount } from '../core/token-account.ts';
import type { ProbeInput, SasSpec } from './own-use.ts';

/** What connectors may know of the machine: handed in, so that a test gives another one. */
export interface Machine {
  readonly clock: Clock;
  /** The variables the upstream calls heed (`AWS_ENDPOINT_URL_STS`, proxies, `AWS_CONFIG_FILE`, `HOME`, …). */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly implicit: ImplicitPolicy;
}

/** May a connector borrow the daemon's own cloud identity, and which one? Off unless configured. */
export interface ImplicitPolicy {
  /** Account ids (12 digits), role ARNs and account e-mails that `implicit` may yield; empty = off. */
  readonly allow: readonly string[];
}

/** Public and secret configuration of one connector, already checked against its method's schemas. */
export interface ConnectorInput {
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly secret: Readonly<Record<string, Secret>>;
  /** What `connector login` left in the store, if anything. */
  readonly login: Readonly<Record<string, Secret>> | undefined;
  /** Expiry of the stored credential itself (ms since the epoch), where it has one. */
  readonly expiresAt: number | undefined;
}

/** What a login obtained, to be kept in the store until `expiresAt` (ms since the epoch). */
export interface LoginResult {
  readonly fields: Readonly<Record<string, Secret>>;
  readonly expiresAt: number;
}

/** What a person must do to log in. */
export type LoginPrompt =
  /** Open `url`, confirm `userCode`; then call `finish` which polls until `expiresAt`. */
  | {
      readonly kind: 'device';
      readonly url: string;
      readonly userCode: string;
      readonly expiresAt: number;
    }
  /** Type the current code of the MFA device `serial`. */
  | { readonly kind: 'code'; readonly label: string };

export interface LoginFlow {
  readonly prompt: LoginPrompt;
  /** `code` for a `code` prompt. Throws `UPSTREAM_DENIED` when the person or the cloud says no. */
  finish(code: string | undefined, signal: AbortSignal): Promise<LoginResult>;
}

export interface Lifetime {
  /** Seconds. */
  readonly min: number;
  readonly default: number;
  readonly max: number;
}

export interface IssueInput<Cloud, Config, Scope> {
  readonly connector: ConnectorInput;
  /** Parsed by the method's `config` schema. */
  readonly config: Config;
  /** What the resource types asked for, merged. `undefined` asks for no narrowing. */
  readonly scope: Scope | undefined;
  /** OAuth scopes that a client chose within its grant; absent: those of `scope`, or the usual ones. */
  readonly scopes?: readonly string[] | undefined;
  /** Lifetime to ask for, seconds; within the method's limits. */
  readonly seconds: number;
  readonly cloud: Cloud;
  readonly machine: Machine;
  readonly signal: AbortSignal;
  /** Stores a renewed login (an SSO refresh), so that it survives a restart. */
  readonly saveLogin: (result: LoginResult) => Promise<void>;
}

/**
 * One way to obtain credentials.
 *
 * Duties of an implementer: `issue` returns a credential whose `expiresAt` is the cloud's own word
 * (never assumed) and never a long-lived secret (invariant 1); it applies `scope` when
 * `narrows(config)` is true and is never called with a scope otherwise. Failures are thrown as
 * `UPSTREAM_*`, `LOGIN_REQUIRED`, `CREDENTIAL_EXPIRED` or `SECRET_MISSING`, with the cloud's code as
 * `upstreamCode` and its text only in `cause`. It stops at once when `signal` aborts.
 */
export interface AuthMethodSpec<Cloud, Scope, Config extends z.ZodObject = z.ZodObject> {
  readonly kind: string;
  readonly title: string;
  /** Plain text, some sentences; shown by `describe-type`. */
  readonly description: string;
  readonly yields: CredentialKind;
  /** Public configuration, `z.strictObject`; each field has `.describe(…)`; shown, prompted for, validated. */
  readonly config: Config;
  /** Secret fields, `z.strictObject` of strings. */
  readonly secret: z.ZodObject;
  /** Absent: the source alone decides how long its credentials live. */
  readonly lifetime?: Lifetime | undefined;
  /** Limits that depend on the configuration (role chaining: one hour). Defaults to `lifetime`. */
  lifetimeOf?(config: z.infer<Config>): Lifetime | undefined;
  /**
   * Does this method apply this scope, configured like this? Without a scope: any at all. If not,
   * `alternatives` says which one does.
   */
  narrows(config: z.infer<Config>, scope?: Scope): boolean;
  readonly alternatives?: string | undefined;
  /** Borrows the daemon's own identity: refused unless the configuration allows it. */
  readonly implicit?: boolean;
  /** Must the registration say when the stored credential expires? */
  readonly needsExpiry?: boolean;
  /**
   * Public facts that the secret tells (a key file's account and project), to be kept in the
   * configuration. What was given wins. Pure; throws `INPUT_INVALID` naming the field when the secret
   * is not what it should be.
   */
  complete?(
    config: Readonly<Record<string, unknown>>,
    secret: Readonly<Record<string, Secret>>,
  ): Readonly<Record<string, unknown>>;
  issue(input: IssueInput<Cloud, z.infer<Config>, Scope>): Promise<Credential>;
  /** An identity token for one audience. Absent, or a throw of `ID_TOKEN_UNSUPPORTED`: it can make none. */
  issueIdToken?(
    input: Omit<IssueInput<Cloud, z.infer<Config>, Scope>, 'scope' | 'scopes'> & {
      readonly audience: string;
    },
  ): Promise<IdToken>;
  /** Starts an interactive login; `undefined` from `login` itself = this configuration needs none. */
  login?(
    input: Omit<IssueInput<Cloud, z.infer<Config>, Scope>, 'scope' | 'saveLogin'>,
  ): Promise<LoginFlow | undefined>;
}

/** What a resource type is for, how its ids look, and what a credential for one may do. */
export interface ResourceTypeSpec<Cloud, Scope> {
  readonly kind: string;
  readonly title: string;
  readonly description: string;
  /** Permissions the connector's identity needs, for `describe-type`. */
  readonly permissions: readonly string[];
  readonly idFormats: readonly string[];
  /** Are there instances to choose from (buckets), or is the whole account the resource? */
  readonly instances: boolean;
  /** Which kinds of access make a difference here, the least first. */
  readonly access: readonly Access[];
  /** May a grant limit it to OAuth scopes? */
  readonly scopes?: boolean;
  /** Any accepted form of an id to its one canonical form. Throws `INPUT_INVALID` (subject `resource_id`). */
  canonical(id: string, config: Readonly<Record<string, unknown>>): string;
  /** Pure: the smallest scope for the resource. */
  narrow(resource: ResourceRequest, config: Readonly<Record<string, unknown>>): Scope | undefined;
  /** Is `inner` the same as `outer` or a part of it (a prefix of a bucket)? Equality when absent. */
  covers?(outer: string, inner: string): boolean;
  /**
   * Every reachable instance, page by page, canonical. The credential is scoped for listing. What is
   * thrown after some pages does not take them back: they are shown beside the error.
   */
  list?(input: ProbeInput<Cloud>): AsyncIterable<readonly string[]>;
  /** Proves that the credential reaches `resource`. Throws `UPSTREAM_DENIED` and the like. */
  verify(input: ProbeInput<Cloud> & { readonly resource: ResourceRequest }): Promise<void>;
}

/** A connector found on the machine, not saved yet. Secrets are in `secret` and `login` alone. */
export interface Proposal {
  readonly method: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly secret: Readonly<Record<string, Secret>>;
  readonly login?: LoginResult | undefined;
  /** True expiry of what would be stored, ms since the epoch, where it has one. */
  readonly expiresAt?: number | undefined;
  /** Where it was found, in words: `profile dev-account in ~/.aws/config`. */
  readonly origin: string;
  /** Why this method, and what was given up. */
  readonly notes: readonly string[];
}

export interface AutoConfigureInput<Cloud> {
  readonly cloud: Cloud;
  /** The person's own variables, not the daemon's. */
  readonly machine: Machine;
  readonly method: string | undefined;
  readonly resource: ResourceRequest | undefined;
  /** Attributes given on the command line, which win over what is found. */
  readonly given: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** What a grant says of tokens, and what it is for. */
export interface AccountInput {
  readonly method: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly resources: readonly ResourceRequest[];
  /** Audiences of identity tokens that the grant allows; absent: every one. */
  readonly audiences?: readonly string[] | undefined;
}

/** A connector type: data, and the few functions that data cannot say. */
export interface ConnectorTypeSpec<Cloud, Scope> {
  readonly kind: string;
  readonly title: string;
  readonly description: string;
  /** The client of this cloud; must import its SDKs on first use only. */
  connect(machine: Machine): Cloud;
  readonly authMethods: Readonly<Record<string, AuthMethodSpec<Cloud, Scope>>>;
  readonly resourceTypes: Readonly<Record<string, ResourceTypeSpec<Cloud, Scope>>>;
  /** One scope that allows what each of the given ones allows; `undefined` in = unlimited = `undefined` out. */
  merge(scopes: readonly (Scope | undefined)[]): Scope | undefined;
  /** A scope as the cloud is sent it with this configuration, for people to read. */
  asSent?(scope: Scope | undefined, config: Readonly<Record<string, unknown>>): unknown;
  /** For types that issue tokens: the account as metadata services tell it, and what may be asked. Pure. */
  account?(input: AccountInput): TokenAccount;
  autoConfigure?(input: AutoConfigureInput<Cloud>): Promise<Proposal>;
  /** For types whose resources can be opened by a signed URL. */
  readonly sas?: SasSpec<Cloud>;
}

/** A type as the registry holds it: cloud and scope are its own affair. */
export type ConnectorType = ConnectorTypeSpec<unknown, unknown>;
export type AuthMethod = AuthMethodSpec<unknown, unknown>;
export type ResourceType = ResourceTypeSpec<unknown, unknown>;

/** Keeps the precise types inside the entry and returns what the registry holds. */
export function defineConnectorType<Cloud, Scope>(
  spec: ConnectorTypeSpec<Cloud, Scope>,
): ConnectorType {
  return spec;
}

/** Checks an entry against its own schemas; the erased type is what `authMethods` holds. */
export function defineAuthMethod<Cloud, Scope, Config extends z.ZodObject>(
  spec: AuthMethodSpec<Cloud, Scope, Config>,
): AuthMethodSpec<Cloud, Scope> {
  return spec;
}

export function defineResourceType<Cloud, Scope>(
  spec: ResourceTypeSpec<Cloud, Scope>,
): ResourceTypeSpec<Cloud, Scope> {
  return spec;
}
