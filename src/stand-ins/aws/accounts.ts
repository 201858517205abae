import { randomBytes } from 'node:crypto';
import type { JSONWebKeySet } from 'jose';
import { secretAccessKey, sessionToken, uniqueId } from './ids.ts';
import { parsePolicy } from './policy-document.ts';
import type { Policy, PolicySource } from './policy-document.ts';
import { identityOf } from './principals.ts';
import type { Principal, Role, User } from './principals.ts';
import type { SigningKey } from './sigv4.ts';
import { createMfaDevice } from './totp.ts';

/** Example account id of the AWS documentation. */
export const DEFAULT_ACCOUNT = '111122223333';

/** A key and whom it speaks for. Times are ms since the epoch. */
export interface AccessKey extends SigningKey {
  readonly principal: Principal;
  readonly issuedAt: number;
}

/** A temporary key, and how it came to be, for tests to look into. */
export interface Session extends AccessKey {
  readonly sessionToken: string;
  readonly expiresAt: number;
  readonly arn: string;
  readonly action: string;
  /** The request as sent, without the token code and the identity token. */
  readonly parameters: Readonly<Record<string, string>>;
}

export interface UserOptions {
  readonly name: string;
  readonly account?: string;
  /** The root user of its account; `name` is then only a label. */
  readonly root?: boolean;
  readonly policies?: readonly PolicySource[];
  readonly tags?: Readonly<Record<string, string>>;
}

export interface RoleOptions {
  readonly name: string;
  readonly account?: string;
  /** With both slashes: `/team/`. */
  readonly path?: string;
  readonly trust: PolicySource;
  readonly policies?: readonly PolicySource[];
  readonly tags?: Readonly<Record<string, string>>;
  readonly maxSessionSeconds?: number;
}

export interface OidcProvider {
  readonly account: string;
  /** `https://issuer.example`, as the token's `iss`. */
  readonly issuer: string;
  readonly audiences: readonly string[];
  /** Replaceable, to rotate keys. */
  jwks: JSONWebKeySet;
}

/** A new user with its first key, in the clear: it is a person's own, made up here. */
export interface UserWithKey {
  readonly user: User;
  readonly arn: string;
  readonly account: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly mfaSerial: string;
  /** What the user's MFA device shows now. */
  mfaCode(): string;
}

export type Accounts = ReturnType<typeof createAccounts>;

/** Everything IAM and STS remember, in memory. */
export function createAccounts(now: () => number) {
  const keys = new Map<string, AccessKey | Session>();
  const roles = new Map<string, Role>();
  const managedPolicies = new Map<string, Policy>();
  const providers: OidcProvider[] = [];
  const disabledRegions = new Set<string>();
  const serials = new Set<string>();
  const issued: Session[] = [];

  function addKey(user: User): AccessKey {
    const key: AccessKey = {
      accessKeyId: uniqueId('AKIA'),
      secretAccessKey: secretAccessKey(),
      principal: { kind: 'user', user },
      issuedAt: now(),
    };
    keys.set(key.accessKeyId, key);
    return key;
  }

  return {
    addUser(options: UserOptions): UserWithKey {
      const account = options.account ?? DEFAULT_ACCOUNT;
      const root = options.root ?? false;
      const serial = `arn:aws:iam::${account}:mfa/${options.name}`;
      if (serials.has(serial)) throw new Error(`there is a user ${options.name} already`);
      serials.add(serial);
      const user: User = {
        account,
        name: options.name,
        arn: root ? `arn:aws:iam::${account}:root` : `arn:aws:iam::${account}:user/${options.name}`,
        userId: root ? account : uniqueId('AIDA'),
        root,
        policies: parseAll(options.policies),
        tags: new Map(Object.entries(options.tags ?? {})),
        mfa: createMfaDevice(serial, randomBytes(20), now),
      };
      const { accessKeyId, secretAccessKey: secret } = addKey(user);
      return {
        user,
        arn: user.arn,
        account,
        accessKeyId,
        secretAccessKey: secret,
        mfaSerial: serial,
        mfaCode: () => user.mfa.code(),
      };
    },

    /** A second key, to rotate to. */
    addKey,

    /** From now on unknown, as after `iam delete-access-key`; also ends a session. */
    deleteKey(accessKeyId: string): void {
      keys.delete(accessKeyId);
    },

    /** Adds a role, or changes the one of the same name; that also changes what its sessions may do. */
    putRole(options: RoleOptions): Role {
      const account = options.account ?? DEFAULT_ACCOUNT;
      const arn = `arn:aws:iam::${account}:role${options.path ?? '/'}${options.name}`;
      const before = roles.get(arn);
      const role: Role = {
        account,
        name: options.name,
        arn,
        roleId: before?.roleId ?? uniqueId('AROA'),
        trust: parsePolicy(options.trust, 'trust'),
        policies: parseAll(options.policies),
        tags: new Map(Object.entries(options.tags ?? {})),
        maxSessionSeconds: options.maxSessionSeconds ?? 3600,
      };
      const kept = before === undefined ? role : Object.assign(before, role);
      roles.set(arn, kept);
      return kept;
    },

    deleteRole(arn: string): void {
      roles.delete(arn);
    },

    /** Returns its ARN. `account` `aws` makes an AWS managed policy, usable from every account. */
    putManagedPolicy(name: string, document: PolicySource, account = DEFAULT_ACCOUNT): string {
      const arn = `arn:aws:iam::${account}:policy/${name}`;
      managedPolicies.set(arn, parsePolicy(document, 'identity'));
      return arn;
    },

    /** Returns its ARN, which a role's trust policy names as `Federated`. */
    addOidcProvider(provider: OidcProvider): string {
      providers.push(provider);
      return oidcProviderArn(provider);
    },

    /** STS for a region can be switched off, and opt-in regions are off to begin with. */
    disableRegion(region: string, account = DEFAULT_ACCOUNT): void {
      disabledRegions.add(`${account}/${region}`);
    },

    regionDisabled: (region: string, account: string): boolean =>
      disabledRegions.has(`${account}/${region}`),
    findKey: (accessKeyId: string): AccessKey | undefined => keys.get(accessKeyId),
    findRole: (arn: string): Role | undefined => roles.get(arn),
    findManagedPolicy: (arn: string): Policy | undefined => managedPolicies.get(arn),
    findOidcProvider: (account: string, issuer: string): OidcProvider | undefined =>
      providers.find((provider) => provider.account === account && provider.issuer === issuer),

    /** Every session issued, oldest first, expired and revoked ones too. */
    sessions: (): readonly Session[] => [...issued],

    issue(
      principal: Principal,
      seconds: number,
      origin: { readonly action: string; readonly parameters: Readonly<Record<string, string>> },
    ): Session {
      // AWS counts in whole seconds.
      const issuedAt = Math.floor(now() / 1000) * 1000;
      const session: Session = {
        accessKeyId: uniqueId('ASIA'),
        secretAccessKey: secretAccessKey(),
        sessionToken: sessionToken(),
        principal,
        arn: identityOf(principal).arn,
        issuedAt,
        expiresAt: issuedAt + seconds * 1000,
        ...origin,
      };
      keys.set(session.accessKeyId, session);
      issued.push(session);
      return session;
    },
  };
}

export function oidcProviderArn(provider: OidcProvider): string {
  return `arn:aws:iam::${provider.account}:oidc-provider/${provider.issuer.replace('https://', '')}`;
}

function parseAll(policies: readonly PolicySource[] = []): Policy[] {
  return policies.map((policy) => parsePolicy(policy, 'identity'));
}
