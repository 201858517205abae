import { randomBytes, randomUUID } from 'node:crypto';
import type { Principal } from './principals.ts';

/** Seconds a refresh token lives without being used. https://learn.microsoft.com/entra/identity-platform/refresh-tokens */
const IDLE_SECONDS = 90 * 24 * 3600;

export interface UserOptions {
  /** Tenant id. */
  readonly tenant: string;
  /** `ada@example.com` */
  readonly upn: string;
  readonly name?: string;
}

/** A person, and what an administrator can do to the account. */
export interface User {
  readonly objectId: string;
  readonly tenant: string;
  readonly upn: string;
  /** What a sign-in by a public client leaves behind. Default client: the Azure CLI. */
  refreshToken(clientId?: string): string;
  /** "Revoke sessions": refresh tokens of before are dead (50173). */
  revoke(): void;
  /** Multi-factor authentication is wanted from now on (50076). */
  requireMfa(required?: boolean): void;
  /** A conditional access policy blocks (53003). */
  block(blocked?: boolean): void;
  disable(disabled?: boolean): void;
  /** Makes the person a guest of another tenant; gives the object id there. */
  inviteTo(tenant: string): string;
}

type Person = Extract<Principal, { kind: 'user' }>;

export interface UserState {
  readonly user: User;
  readonly principal: Person;
  /** Tenant id → who the person is there. */
  readonly places: Map<string, Person>;
  mfa: boolean;
  blocked: boolean;
  disabled: boolean;
}

export interface RefreshGrant {
  readonly token: string;
  readonly clientId: string;
  readonly owner: UserState;
  revoked: boolean;
  /** ms since the epoch; a use puts it off. */
  expiresAt: number;
}

export type RefreshTokens = ReturnType<typeof createRefreshTokens>;

/** Every refresh token that was handed out. */
export function createRefreshTokens(now: () => number) {
  const grants = new Map<string, RefreshGrant>();
  return {
    issue(owner: UserState, clientId: string): string {
      const token = `1.A${randomBytes(600).toString('base64url')}`;
      const expiresAt = now() + IDLE_SECONDS * 1000;
      grants.set(token, { token, clientId, owner, revoked: false, expiresAt });
      return token;
    },
    find: (token: string): RefreshGrant | undefined => grants.get(token),
    /** As if 90 days had gone by. */
    expire(token: string): void {
      const grant = grants.get(token);
      if (grant !== undefined) grant.expiresAt = now();
    },
    revokeAllOf(objectId: string): void {
      for (const grant of grants.values()) {
        if (grant.owner.principal.objectId === objectId) grant.revoked = true;
      }
    },
    /** Oldest first. */
    issued: (): readonly string[] => [...grants.keys()],
  };
}

export function createUser(
  options: UserOptions,
  refreshTokens: RefreshTokens,
  defaultClient: string,
): UserState {
  const objectId = randomUUID();
  const { tenant, upn, name = upn.split('@')[0] ?? upn } = options;
  const principal: Person = { kind: 'user', tenantId: tenant, objectId, upn, name };
  const places = new Map([[tenant, principal]]);
  const state: UserState = {
    user: {
      objectId,
      tenant,
      upn,
      refreshToken: (clientId = defaultClient) => refreshTokens.issue(state, clientId),
      revoke: () => refreshTokens.revokeAllOf(objectId),
      requireMfa: (required = true) => void (state.mfa = required),
      block: (blocked = true) => void (state.blocked = blocked),
      disable: (disabled = true) => void (state.disabled = disabled),
      inviteTo(other) {
        const guest = places.get(other) ?? {
          ...principal,
          tenantId: other,
          objectId: randomUUID(),
        };
        places.set(other, guest);
        return guest.objectId;
      },
    },
    principal,
    places,
    mfa: false,
    blocked: false,
    disabled: false,
  };
  return state;
}
