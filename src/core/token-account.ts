/**
 * What a metadata service tells of the account behind a grant, and what its clients may ask of it:
 * plain data, so that it crosses the control socket.
 */
export interface TokenAccount {
  /** An e-mail address, or something that looks like one where the account has none. */
  readonly email: string;
  readonly projectId: string;
  /** Digits; absent when unknown. */
  readonly projectNumber?: string | undefined;
  /** `googleapis.com`, or another cloud of Google's. */
  readonly universeDomain: string;
  /** The scopes that the usual token carries. */
  readonly scopes: readonly string[];
  /** Scopes a client may choose among; absent: its choice is not heeded, what is issued is bounded in another way. */
  readonly askable?: readonly string[] | undefined;
  /** Audiences of identity tokens: a list, every one, or none at all. */
  readonly audiences: 'any' | readonly string[];
  /** The project that API calls are counted against, where the account cannot bear them itself (a person's). */
  readonly quotaProject?: string | undefined;
}
