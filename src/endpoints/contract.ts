import type { Hono } from 'hono';

import type { CredentialKind, Issued } from '../core/credential.ts';
import type { ValetkeyError } from '../core/errors.ts';
import type { Peer } from '../core/peer.ts';
import type { AzureIdentity, GoogleAccount, TokenAccount } from '../core/token-account.ts';

/** What the listener knows of the connection a request came in on. */
export interface Connection {
  /** The listener's own name in the configuration, `127.0.0.1:9911`. */
  readonly listener: string;
  /** The address the client connected to, without port. */
  readonly localAddress: string;
  /**
   * The process that asks, looked up on first use and once per connection. With `user` only as far
   * as the uid, which is told much sooner than the process. `undefined`: unknown,
   * which is never a reason to let somebody in.
   */
  peer(detail?: 'user'): Promise<Peer | undefined>;
  /** Aborts when the listener is about to close: what waits for something to happen should end. */
  readonly closing?: AbortSignal;
}

/** What a client has shown of who it is, besides the connection itself. */
export type Proof =
  /** A bearer secret, verbatim as received. */
  | { readonly kind: 'token'; readonly token: string }
  /** Nothing: the listener and the peer's uid must be enough (metadata services without a secret). */
  | { readonly kind: 'none' }
  /** The content of a file that `challenge` wrote, which only the right user can read. */
  | { readonly kind: 'challenge'; readonly key: string }
  /** A signed Kubernetes service-account token, verbatim; verified by the workload layer. */
  | { readonly kind: 'service-account'; readonly jwt: string };

/** A profile that issues tokens, and the account that Google's metadata server shows for it. */
export interface CallerAccount extends GoogleAccount {
  readonly profile: string;
}

/** The same for Azure's managed-identity endpoints. */
export interface CallerIdentity extends AzureIdentity {
  readonly profile: string;
}

/** Azure: the machine that a workload is told it runs on. Absent parts do not exist for it. */
export interface AzureInstance {
  readonly name: string;
  readonly location?: string | undefined;
  readonly resourceGroup?: string | undefined;
  readonly subscriptionId?: string | undefined;
  readonly vmSize: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** Google: the machine that a workload is told it runs on. Absent parts do not exist for it. */
export interface GceInstance {
  readonly name: string;
  /** `europe-west4-a` */
  readonly zone?: string | undefined;
  readonly machineType: string;
  readonly tags: readonly string[];
  readonly attributes: Readonly<Record<string, string>>;
  readonly projectAttributes: Readonly<Record<string, string>>;
  /** Override those of the default account. */
  readonly projectId?: string | undefined;
  readonly projectNumber?: string | undefined;
}

/** A workload as an endpoint sees it. */
export interface Caller {
  readonly workload: string;
  /** What the workload is told about where it runs. */
  readonly region: string | undefined;
  /** AWS: the role name that the instance metadata service lists. */
  readonly roleName: string;
  /** AWS: may this workload use IMDSv1 (no token)? Off unless its configuration says so. */
  readonly imdsV1: boolean;
  /** Google: the instance it is told it is. */
  readonly gce: GceInstance;
  /** Google: its service accounts, the default one first. The same array until something changes. */
  readonly accounts: readonly CallerAccount[];
  /** Azure: the instance it is told it is. */
  readonly azure: AzureInstance;
  /** Azure: its identities, the default one first. The same array until something changes. */
  readonly identities: readonly CallerIdentity[];
  /** Profile names by credential kind, the default one first. */
  profiles(kind: CredentialKind): readonly string[];
}

export interface IssueChoice {
  readonly kind: CredentialKind;
  /** A profile of the workload; its default one when absent. */
  readonly profile?: string | undefined;
  /** For an access token: the OAuth scopes the client wants. Throws `SCOPE_NOT_GRANTED` (subject: the scope). */
  readonly scopes?: readonly string[] | undefined;
  /** For an identity token: required. Throws `AUDIENCE_NOT_GRANTED` or `ID_TOKEN_UNSUPPORTED`. */
  readonly audience?: string | undefined;
  /** Is the held credential not what the client wants (it was refused somewhere)? A new one then, as often as upstream can bear. */
  readonly unwanted?: ((held: Issued) => boolean) | undefined;
  /** Longest wait for a cold credential, ms; `NOT_READY` afterwards while the work goes on. */
  readonly waitMs: number;
}

/** What an endpoint is given. Everything else (sockets, caches, SDKs) is out of its sight. */
export interface EndpointContext {
  now(): number;
  monotonic(): number;
  /** Resolves after `ms`; rejects when `signal` aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** Calls `listener` after workloads or connectors changed, until the returned function is called. */
  onChange(listener: () => void): () => void;
  /** A value that stays the same for this installation (synthetic instance ids). Lower-case hex, 64 digits. */
  readonly installationId: string;
  /**
   * Whose connection is this? `undefined` is "nobody, or not allowed": the endpoint answers its
   * protocol's one refusal for both (invariant 5). Throws `UPSTREAM_INVALID` for a service-account
   * token that is malformed or expired (the caller may be told), never for an unknown one.
   */
  identify(connection: Connection, proof: Proof): Caller | undefined | Promise<Caller | undefined>;
  /**
   * Writes a file that only the user of the workload at this listener can read, and tells its absolute
   * path; `undefined` when no workload is recognised like that here. Its content proves the user (`challenge`).
   */
  challenge(connection: Connection): Promise<string | undefined>;
  /** Does what `identify` found still hold, for the same listener? Cheap; false asks for `identify`. */
  holds(caller: Caller, connection: Connection): boolean;
  /** A live credential, at once when the broker holds one. Throws `NOT_FOUND` for an unknown profile. */
  issue(caller: Caller, choice: IssueChoice): Issued | Promise<Issued>;
  /** Has `issue`'s credential obtained, and waits for it as long; hands out and tells nothing. */
  prepare(caller: Caller, choice: IssueChoice): undefined | Promise<undefined>;
  /** Tells telemetry why a request was refused; the client is told less. */
  refused(connection: Connection, why: string, status: number): void;
}

/** The Hono environment of every endpoint: the listener puts the connection there. */
export interface EndpointEnv {
  Bindings: { connection: Connection };
}

/** What the guard found wrong with a request before its protocol was asked. */
export type RefusalReason =
  | 'method'
  | 'target'
  /** The path is of a bearable length, what follows it is not. */
  | 'query'
  /** `..` or an encoded control byte in the path. */
  | 'traversal'
  | 'host'
  | 'forwarded'
  | 'browser'
  | 'duplicate-authorization'
  | 'too-large'
  | 'too-many';

/** A whole answer, encoded once and sent many times. `Content-Length` is among the headers. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A request as the parser left it; the guard has let it through. */
export interface DirectRequest {
  readonly connection: Connection;
  readonly method: string;
  /** The request target as received. */
  readonly target: string;
  /** Names and values in turn, as received. */
  readonly rawHeaders: readonly string[];
}

/** What an endpoint does with requests. */
export interface EndpointRoutes {
  /** Everything. Made when a request needs it: Hono itself is loaded by then and not before. */
  app(): Promise<Hono<EndpointEnv>>;
  /**
   * The way around `app` for the requests that come by the hundred thousand: same answer, without
   * the `Request`, `Context` and `Response` that cost as much as the rest together. `undefined` is
   * "not one of those": then `app` answers. Throws and rejects never.
   */
  readonly direct?: (request: DirectRequest) => Answer | Promise<Answer> | undefined;
}

/** One emulated HTTP protocol. Pure: a request and a context in, a response out. */
export interface Endpoint {
  readonly kind: string;
  readonly title: string;
  /** The vendor's own page for this protocol. */
  readonly spec: string;
  /** The link-local address that clients use unasked, where the protocol has one. */
  readonly address: string | undefined;
  /** Path prefixes that belong to this protocol on a shared listener. */
  readonly paths: readonly string[];
  /** Is the first segment of `paths` right in any letter case? They are written in lower case then. */
  readonly anyCase?: boolean;
  /** `Host` values that are right for this protocol besides the listener's own address. */
  readonly hosts: readonly string[];
  /**
   * Is a target with scheme and host (`GET http://metadata.google.internal/…`, as clients of a
   * proxy write it) understood? Its host must be right as `Host` must. RFC 9112 section 3.2.2.
   */
  readonly absoluteForm?: boolean;
  /**
   * The answer to what the guard refused, in this protocol's shape. `status` is the usual one for
   * `reason`; a protocol may know a better one. Pure: the same answer for the same arguments.
   */
  refuse(status: number, reason: RefusalReason): Answer;
  errorBody(error: ValetkeyError): Answer;
  routes(context: EndpointContext): EndpointRoutes;
  /** Variables that lead a client to this endpoint (`set`), and those that would win over it (`clear`). */
  variables(input: VariablesInput): Variables;
}

export interface VariablesInput {
  /** `http://127.0.0.1:PORT`: literal address, no trailing slash. */
  readonly baseUrl: string;
  readonly tokenFile: string | undefined;
  readonly token: string | undefined;
  readonly region: string | undefined;
  /** The default account of the workload at this protocol's cloud, where it has one. */
  readonly account?: TokenAccount | undefined;
}

export interface Variables {
  readonly set: Readonly<Record<string, string>>;
  readonly clear: readonly string[];
}

export function defineEndpoint(endpoint: Endpoint): Endpoint {
  return endpoint;
}
