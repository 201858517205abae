/** What clients may ask of a profile's tokens: plain data, so that it crosses the control socket. */
export interface TokenLimits {
  /**
   * Scopes a client may choose among, every one, or a list in which `*` stands for one part of a host
   * name; absent: its choice is not heeded, what is issued is bounded in another way.
   */
  readonly askable?: 'any' | readonly string[] | undefined;
  /** Audiences of identity tokens: a list, every one, or none at all. */
  readonly audiences: 'any' | readonly string[];
}

/** What Google's metadata server tells of the account behind a grant. */
export interface GoogleAccount extends TokenLimits {
  readonly cloud: 'google';
  /** An e-mail address, or something that looks like one where the account has none. */
  readonly email: string;
  readonly projectId: string;
  /** Digits; absent when unknown. */
  readonly projectNumber?: string | undefined;
  /** `googleapis.com`, or another cloud of Google's. */
  readonly universeDomain: string;
  /** The scopes that the usual token carries. */
  readonly scopes: readonly string[];
  /** The project that API calls are counted against, where the account cannot bear them itself (a person's). */
  readonly quotaProject?: string | undefined;
}

/** What Azure's managed-identity endpoints tell of the identity behind a grant, and how clients name it. */
export interface AzureIdentity extends TokenLimits {
  readonly cloud: 'azure';
  /** Application (client) id; lower-case GUID. */
  readonly clientId: string;
  /** Object (principal) id of the service principal or person; lower-case GUID. */
  readonly objectId?: string | undefined;
  /** ARM resource id of the user-assigned identity that it stands for. */
  readonly resourceId?: string | undefined;
  /** Lower-case GUID. */
  readonly tenantId: string;
  readonly subscriptionId?: string | undefined;
  /** `azEnvironment` of the instance metadata: AzurePublicCloud, AzureUSGovernmentCloud, AzureChinaCloud. */
  readonly environment: string;
}

/** The account behind a grant of tokens, as its cloud's metadata service tells it. */
export type TokenAccount = GoogleAccount | AzureIdentity;

/** An account as its cloud's endpoint needs it; `undefined` for another cloud's. */
export function googleAccount(account: TokenAccount | undefined): GoogleAccount | undefined {
  return account?.cloud === 'google' ? account : undefined;
}

export function azureIdentity(account: TokenAccount | undefined): AzureIdentity | undefined {
  return account?.cloud === 'azure' ? account : undefined;
}

/** May a client choose `scope`? A limit that is absent asks nobody: the choice is not heeded. */
export function isAskable(askable: TokenLimits['askable'], scope: string): boolean {
  if (askable === undefined || askable === 'any') return true;
  return askable.some((pattern) => pattern === scope || matches(pattern, scope));
}

/** `https://*.blob.core.windows.net/.default`: the star is one label of a host name. */
function matches(pattern: string, scope: string): boolean {
  const [before = '', after, ...more] = pattern.split('*');
  if (after === undefined || more.length > 0) return false;
  if (scope.length < before.length + after.length) return false;
  if (!scope.startsWith(before) || !scope.endsWith(after)) return false;
  const label = scope.slice(before.length, scope.length - after.length);
  return /^[a-z0-9][a-z0-9-]*$/.test(label);
}
