import type { KeyObject } from 'node:crypto';
import { keyId, numericId, oauthClient, refreshToken } from './ids.ts';
import type { JsonObject } from './json.ts';
import { membersOf } from './principals.ts';
import type { Principal } from './principals.ts';
import { createPolicies } from './policies.ts';
import type { KeySource, RsaKeyPair } from './rsa-keys.ts';
import { keyFileOf } from './key-file.ts';
import type { KeyFileOptions } from './key-file.ts';
import { knownScopes } from './scopes.ts';
import type { Tokens } from './tokens.ts';

export interface ServiceAccountOptions {
  /** Either the whole e-mail, or the part before the @. */
  readonly email?: string;
  readonly name?: string;
  readonly project: string;
}

/** A service account, and what its owner can do to it. */
export interface ServiceAccount {
  readonly email: string;
  readonly uniqueId: string;
  readonly project: string;
  /** A new key, as the console downloads it. */
  keyFile(options?: KeyFileOptions): JsonObject & { readonly private_key_id: string };
  revokeKey(keyId: string): void;
  disable(): void;
  enable(): void;
  delete(): void;
}

export interface UserOptions {
  readonly email: string;
  /** Long form; with `openid` among them the token endpoint adds an identity token. */
  readonly consentedScopes: readonly string[];
  readonly client?: OAuthClient;
}

export interface OAuthClient {
  readonly clientId: string;
  readonly clientSecret: string;
}

export interface User {
  readonly email: string;
  readonly uniqueId: string;
  readonly client: OAuthClient;
  /** What `gcloud auth application-default login` leaves behind. */
  authorizedUser(): JsonObject & { readonly refresh_token: string };
  /** As the person does at myaccount.google.com: refresh token and access tokens end. */
  revoke(): void;
  /** The organisation wants the password again: refreshing fails with `invalid_rapt`. */
  requireReauth(required?: boolean): void;
}

interface AccountState {
  readonly principal: Extract<Principal, { kind: 'service-account' }>;
  readonly keys: Map<string, KeyObject>;
  /** Google's own key of the account: signBlob, signJwt. */
  readonly managed: { readonly keyId: string; readonly pair: () => RsaKeyPair };
  disabled: boolean;
}

export interface Consent {
  readonly principal: Extract<Principal, { kind: 'user' }>;
  readonly client: OAuthClient;
  readonly scopes: readonly string[];
  revoked: boolean;
  reauth: boolean;
}

export type Accounts = ReturnType<typeof createAccounts>;

/** Service accounts, people, OAuth clients, and who may act as whom; in memory. */
export function createAccounts(tokens: Tokens, keys: KeySource) {
  const accounts = new Map<string, AccountState>();
  const consents = new Map<string, Consent>();
  const people = new Map<string, Extract<Principal, { kind: 'user' }>>();
  const clients = new Map<string, OAuthClient>();
  const policies = createPolicies();

  function addClient(): OAuthClient {
    const client = oauthClient();
    clients.set(client.clientId, client);
    return client;
  }

  return {
    addClient,

    addServiceAccount(options: ServiceAccountOptions): ServiceAccount {
      const { project } = options;
      const email =
        options.email ?? `${options.name ?? 'robot'}@${project}.iam.gserviceaccount.com`;
      if (accounts.has(email)) throw new Error(`there is an account ${email} already`);
      const principal = { kind: 'service-account', email, uniqueId: numericId(), project } as const;
      let managed: RsaKeyPair | undefined;
      const state: AccountState = {
        principal,
        keys: new Map(),
        managed: { keyId: keyId(), pair: () => (managed ??= keys.next()) },
        disabled: false,
      };
      accounts.set(email, state);
      return {
        email,
        uniqueId: principal.uniqueId,
        project,
        keyFile(fileOptions) {
          const { publicKey, privateKey } = keys.next();
          const id = keyId();
          state.keys.set(id, publicKey);
          return keyFileOf(principal, id, privateKey, fileOptions);
        },
        revokeKey: (id) => void state.keys.delete(id),
        disable: () => void (state.disabled = true),
        enable: () => void (state.disabled = false),
        delete: () => void accounts.delete(email),
      };
    },

    addUser(options: UserOptions): User {
      const { email } = options;
      const principal =
        people.get(email) ?? ({ kind: 'user', email, uniqueId: numericId() } as const);
      people.set(email, principal);
      const client = options.client ?? addClient();
      clients.set(client.clientId, client);
      const token = refreshToken();
      const scopes = knownScopes(options.consentedScopes);
      if (scopes === undefined) throw new Error('a consented scope is unknown');
      const consent: Consent = { principal, client, scopes, revoked: false, reauth: false };
      consents.set(token, consent);
      return {
        email,
        uniqueId: principal.uniqueId,
        client,
        authorizedUser: () => ({
          type: 'authorized_user',
          client_id: client.clientId,
          client_secret: client.clientSecret,
          refresh_token: token,
          universe_domain: 'googleapis.com',
        }),
        revoke() {
          consent.revoked = true;
          tokens.expireAllOf(email, client.clientId);
        },
        requireReauth: (required = true) => void (consent.reauth = required),
      };
    },

    ...policies,

    findAccount(email: string): AccountState | undefined {
      return (
        accounts.get(email) ??
        [...accounts.values()].find(({ principal }) => principal.uniqueId === email)
      );
    },
    findUser: (email: string): Principal | undefined => people.get(email),
    findClient: (clientId: string): OAuthClient | undefined => clients.get(clientId),
    findConsent: (token: string): Consent | undefined => consents.get(token),

    /** A disabled or deleted account's tokens are worth nothing from then on. */
    usable(principal: Principal): boolean {
      if (principal.kind !== 'service-account') return true;
      return accounts.get(principal.email)?.disabled === false;
    },

    /** Whether an allow policy on the account gives the caller the permission. */
    may: (caller: Principal, permission: string, email: string): boolean =>
      policies.permitted(membersOf(caller), permission, email),
  };
}
