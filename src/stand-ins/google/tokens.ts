import type { Boundary } from './sts/boundary.ts';
import { accessToken } from './ids.ts';
import { nameOf } from './principals.ts';
import type { Principal } from './principals.ts';

/** An access token and all that Google knows about it. Times are ms since the epoch. */
export interface IssuedToken {
  readonly token: string;
  readonly principal: Principal;
  readonly scopes: readonly string[];
  /** Operation that issued it: `oauth2:jwt-bearer`, `sts:downscope`, … */
  readonly via: string;
  /** The OAuth client of a user's token. */
  readonly clientId: string | undefined;
  readonly boundary: Boundary | undefined;
  readonly issuedAt: number;
  readonly expiresAt: number;
}

export type TokenOrder = Omit<IssuedToken, 'token' | 'issuedAt' | 'clientId' | 'boundary'> &
  Partial<Pick<IssuedToken, 'clientId' | 'boundary'>>;

export type Tokens = ReturnType<typeof createTokens>;

/** Every access token that was issued. */
export function createTokens(now: () => number) {
  const tokens = new Map<string, IssuedToken>();
  const dead = new Set<string>();
  return {
    issue(order: TokenOrder): IssuedToken {
      const issued: IssuedToken = {
        clientId: undefined,
        boundary: undefined,
        ...order,
        token: accessToken(originOf(order)),
        issuedAt: now(),
      };
      tokens.set(issued.token, issued);
      return issued;
    },
    /** What is behind a token, expired ones too. */
    find: (token: string): IssuedToken | undefined => tokens.get(token),
    /** Undefined when unknown, expired at `at` or ended early. */
    live(token: string, at: number): IssuedToken | undefined {
      const found = tokens.get(token);
      if (found === undefined || dead.has(token)) return undefined;
      return at < found.expiresAt ? found : undefined;
    },
    /** From now on refused, as if its time were over. */
    expire(token: string): void {
      dead.add(token);
    },
    /** Ends every token of a principal, as a revoked consent does; `clientId` narrows it to one client's. */
    expireAllOf(name: string, clientId?: string): void {
      for (const { token, principal, clientId: own } of tokens.values()) {
        if (nameOf(principal) === name && (clientId === undefined || clientId === own))
          dead.add(token);
      }
    },
    /** Oldest first. */
    issued: (): readonly IssuedToken[] => [...tokens.values()],
  };
}

function originOf({ principal, boundary }: TokenOrder): 'c' | 'a0' | 'd' | 'dr' {
  if (boundary !== undefined) return 'dr';
  if (principal.kind === 'federated') return 'd';
  return principal.kind === 'user' ? 'a0' : 'c';
}
