/**
 * Every error this program reports: one table, one class.
 *
 * `status` is the HTTP status the control socket uses (an emulated endpoint renders the code in its
 * own protocol's shape), `exit` the exit code of the command line, `retry` what the broker does next:
 * `no` = asking again cannot help until a person changes something (retried slowly),
 * `backoff` = transient, retried with exponential back-off.
 */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  conflict: 4,
  store: 5,
  denied: 6,
  unavailable: 7,
  daemon: 8,
  unsafe: 9,
} as const;

interface ErrorEntry {
  readonly status: number;
  readonly exit: number;
  readonly retry: 'no' | 'backoff';
  readonly message: string;
}

const entry = (
  status: number,
  exit: number,
  retry: ErrorEntry['retry'],
  message: string,
): ErrorEntry => ({ status, exit, retry, message });

export const ERRORS = {
  INTERNAL: entry(500, EXIT.failed, 'backoff', 'something went wrong inside valetkey'),
  USAGE: entry(400, EXIT.usage, 'no', 'the command line is not understood'),
  INPUT_INVALID: entry(400, EXIT.usage, 'no', 'a value is not valid'),
  CONFIG_INVALID: entry(400, EXIT.usage, 'no', 'the configuration is not valid'),
  CONFIG_UNREADABLE: entry(500, EXIT.failed, 'no', 'the configuration cannot be read'),
  NOT_FOUND: entry(404, EXIT.notFound, 'no', 'there is no such thing'),
  CONNECTOR_NOT_FOUND: entry(404, EXIT.notFound, 'no', 'there is no connector of this name'),
  WORKLOAD_NOT_FOUND: entry(404, EXIT.notFound, 'no', 'there is no workload of this name'),
  NAME_TAKEN: entry(409, EXIT.conflict, 'no', 'a connector of this name exists already'),
  IN_USE: entry(409, EXIT.conflict, 'no', 'the connector is in use'),
  BUSY: entry(409, EXIT.conflict, 'backoff', 'another valetkey process is writing'),
  CATALOG_CORRUPT: entry(500, EXIT.store, 'no', 'a connector file cannot be understood'),
  CATALOG_WRITE_FAILED: entry(500, EXIT.store, 'no', 'a connector file cannot be written'),
  SECRET_MISSING: entry(500, EXIT.store, 'no', 'the store has no secret for this connector'),
  STORE_LOCKED: entry(503, EXIT.store, 'backoff', 'the secret store is locked'),
  STORE_UNREACHABLE: entry(503, EXIT.store, 'backoff', 'the secret store cannot be reached'),
  STORE_CORRUPT: entry(500, EXIT.store, 'no', 'the secret store’s content cannot be understood'),
  STORE_READ_ONLY: entry(409, EXIT.store, 'no', 'this secret store is read-only'),
  STORE_WRITE_FAILED: entry(500, EXIT.store, 'no', 'the secret could not be written'),
  SCOPE_UNSUPPORTED: entry(
    400,
    EXIT.denied,
    'no',
    'this auth method cannot narrow what its credentials may do',
  ),
  SCOPE_NOT_GRANTED: entry(403, EXIT.denied, 'no', 'the grant does not include this scope'),
  AUDIENCE_NOT_GRANTED: entry(403, EXIT.denied, 'no', 'the grant does not include this audience'),
  ID_TOKEN_UNSUPPORTED: entry(
    404,
    EXIT.denied,
    'no',
    'no identity token can be made for this credential',
  ),
  OUT_OF_SCOPE: entry(403, EXIT.denied, 'no', 'the connector is not registered for this resource'),
  LIFETIME_TOO_SHORT: entry(
    400,
    EXIT.usage,
    'no',
    'the lifetime is too short to be renewed in time',
  ),
  IMPLICIT_FORBIDDEN: entry(403, EXIT.denied, 'no', 'implicit authentication is not allowed here'),
  LOGIN_REQUIRED: entry(403, EXIT.denied, 'no', 'the connector needs an interactive login'),
  CREDENTIAL_EXPIRED: entry(403, EXIT.denied, 'no', 'the stored credential has expired'),
  UPSTREAM_DENIED: entry(403, EXIT.denied, 'no', 'the cloud denied the request'),
  UPSTREAM_BAD_CREDENTIAL: entry(
    403,
    EXIT.denied,
    'no',
    'the cloud does not accept the stored credential',
  ),
  UPSTREAM_INVALID: entry(400, EXIT.denied, 'no', 'the cloud rejected the request as invalid'),
  UPSTREAM_CLOCK_SKEW: entry(
    503,
    EXIT.unavailable,
    'backoff',
    'this machine’s clock differs from the cloud’s',
  ),
  UPSTREAM_THROTTLED: entry(429, EXIT.unavailable, 'backoff', 'the cloud is throttling'),
  UPSTREAM_UNAVAILABLE: entry(503, EXIT.unavailable, 'backoff', 'the cloud cannot be reached'),
  UPSTREAM_MALFORMED: entry(
    502,
    EXIT.unavailable,
    'backoff',
    'the cloud’s answer cannot be understood',
  ),
  NOT_READY: entry(503, EXIT.unavailable, 'backoff', 'the credential is still being obtained'),
  FORBIDDEN: entry(403, EXIT.denied, 'no', 'the request is refused'),
  DAEMON_UNREACHABLE: entry(503, EXIT.daemon, 'no', 'the valetkey daemon cannot be reached'),
  DAEMON_RUNNING: entry(409, EXIT.daemon, 'no', 'a valetkey daemon is running already'),
  ADDRESS_IN_USE: entry(500, EXIT.daemon, 'no', 'the address is in use'),
  ADDRESS_REFUSED: entry(
    500,
    EXIT.unsafe,
    'no',
    'only loopback and link-local addresses may be bound',
  ),
  ADDRESS_UNAVAILABLE: entry(500, EXIT.daemon, 'no', 'the address cannot be bound'),
  UNSAFE_FILE: entry(500, EXIT.unsafe, 'no', 'a secret file can be read or changed by others'),
  CLIENT_FAILED: entry(500, EXIT.failed, 'no', 'a client program failed'),
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERRORS;

export interface ErrorDetails {
  /** What the message is about: a field path, a connector's name, a file. Public, never a secret. */
  readonly subject?: string;
  /** Why, in our own words. Public: never vendor text, never a secret. */
  readonly reason?: string;
  /** What to do next. Public. */
  readonly hint?: string;
  /** The vendor's machine-readable error code (`AccessDenied`), checked to be a plain word. Public. */
  readonly upstreamCode?: string;
  /** How long the vendor wants to be left alone (`Retry-After`), ms. Public. */
  readonly retryAfterMs?: number;
  /** Vendor text and stack, for the log alone, where it is redacted. */
  readonly cause?: unknown;
}

/** The only error class: a code from the table and public details. */
export class ValetkeyError extends Error {
  readonly code: ErrorCode;
  readonly subject: string | undefined;
  readonly reason: string | undefined;
  readonly hint: string | undefined;
  readonly upstreamCode: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, details: ErrorDetails = {}) {
    const plainCode = plainWord(details.upstreamCode);
    const about = details.subject === undefined ? '' : `${details.subject}: `;
    const why = details.reason === undefined ? '' : `: ${details.reason}`;
    const vendor = plainCode === undefined ? '' : ` (${plainCode})`;
    super(`${about}${ERRORS[code].message}${why}${vendor}`, { cause: details.cause });
    this.name = 'ValetkeyError';
    this.code = code;
    this.subject = details.subject;
    this.reason = details.reason;
    this.hint = details.hint;
    this.upstreamCode = plainCode;
    this.retryAfterMs = details.retryAfterMs;
  }
}

/** A vendor's code is shown only when it is a bare word: free text may quote what it was sent. */
function plainWord(code: string | undefined): string | undefined {
  return code !== undefined && /^[A-Za-z][\w.:-]{0,63}$/.test(code) ? code : undefined;
}

/**
 * Any thrown value as ours. The reason of an `AbortSignal.timeout` becomes UPSTREAM_UNAVAILABLE: whatever
 * has a deadline here waits for others. An unknown one becomes INTERNAL. Its origin is kept as `cause`.
 */
export function toValetkeyError(error: unknown): ValetkeyError {
  if (error instanceof ValetkeyError) return error;
  if (error instanceof DOMException && error.name === 'TimeoutError') {
    const reason = 'no whole answer came in time';
    return new ValetkeyError('UPSTREAM_UNAVAILABLE', { reason, cause: error });
  }
  return new ValetkeyError('INTERNAL', { cause: error });
}

/** The same error with the subject named, where the place that threw did not know it. */
export function withSubject(error: unknown, subject: string): ValetkeyError {
  const known = toValetkeyError(error);
  if (known.subject !== undefined) return known;
  const { code, reason, hint, upstreamCode, retryAfterMs, cause } = known;
  const details = { subject, reason, hint, upstreamCode, retryAfterMs, cause };
  return new ValetkeyError(code, defined(details));
}

function defined(details: {
  [K in keyof ErrorDetails]: ErrorDetails[K] | undefined;
}): ErrorDetails {
  return Object.fromEntries(Object.entries(details).filter(([, v]) => v !== undefined));
}

/** What crosses the control socket. */
export interface WireError {
  readonly code: ErrorCode;
  readonly subject?: string | undefined;
  readonly reason?: string | undefined;
  readonly hint?: string | undefined;
  readonly upstreamCode?: string | undefined;
  readonly retryAfterMs?: number | undefined;
}

export function toWire(error: ValetkeyError): WireError {
  const { code, subject, reason, hint, upstreamCode, retryAfterMs } = error;
  return { code, subject, reason, hint, upstreamCode, retryAfterMs };
}

export function fromWire(wire: WireError): ValetkeyError {
  const { code, subject, reason, hint, upstreamCode, retryAfterMs } = wire;
  return new ValetkeyError(
    code in ERRORS ? code : 'INTERNAL',
    defined({ subject, reason, hint, upstreamCode, retryAfterMs, cause: undefined }),
  );
}
