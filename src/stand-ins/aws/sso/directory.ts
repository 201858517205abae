import { randomBytes, randomInt } from 'node:crypto';
import type { Accounts } from '../accounts.ts';
import { DEFAULT_ACCOUNT } from '../accounts.ts';
import type { PolicySource } from '../policy-document.ts';
import type { Role } from '../principals.ts';

/** A permission set one person may use in one account. */
export interface Assignment {
  readonly accountId: string;
  readonly accountName: string;
  readonly emailAddress: string;
  readonly roleName: string;
  readonly role: Role;
  /** Lifetime of the role's credentials. */
  readonly seconds: number;
}

/** Times are ms since the epoch. */
export interface OidcClient {
  readonly secret: string;
  readonly expiresAt: number;
  readonly grantTypes: readonly string[] | undefined;
  /** Only a client that asked for `sso:account:access` gets refresh tokens. */
  readonly refreshes: boolean;
}

export interface DeviceCode {
  readonly clientId: string;
  readonly userCode: string;
  readonly expiresAt: number;
  state: 'pending' | 'approved' | 'denied' | 'used';
  /** Seconds a client must wait between two polls; slow_down adds five. RFC 8628, section 3.5. */
  interval: number;
  polledAt: number;
}

export interface SignIn {
  readonly clientId: string;
  /** When the person has to sign in again. */
  readonly endsAt: number;
}

export interface AssignmentOptions {
  readonly roleName: string;
  readonly account?: string;
  readonly accountName?: string;
  readonly policies?: readonly PolicySource[];
  readonly seconds?: number;
}

/** One IAM Identity Center with one person in it. */
export interface Directory {
  readonly startUrl: string;
  /** Hours a sign-in lasts, as an administrator sets it; 8 to begin with. */
  sessionHours: number;
  readonly assignments: Assignment[];
  readonly clients: Map<string, OidcClient>;
  readonly devices: Map<string, DeviceCode>;
  readonly refreshTokens: Map<string, SignIn>;
  /** Access token → its end. */
  readonly accessTokens: Map<string, number>;
}

export function createDirectory(): Directory {
  return {
    startUrl: 'https://d-1234567890.awsapps.com/start',
    sessionHours: 8,
    assignments: [],
    clients: new Map(),
    devices: new Map(),
    refreshTokens: new Map(),
    accessTokens: new Map(),
  };
}

/** Makes the role Identity Center makes for a permission set, and lets the person use it. */
export function assign(
  directory: Directory,
  accounts: Accounts,
  options: AssignmentOptions,
): Assignment {
  const accountId = options.account ?? DEFAULT_ACCOUNT;
  const role = accounts.putRole({
    account: accountId,
    path: '/aws-reserved/sso.amazonaws.com/',
    name: `AWSReservedSSO_${options.roleName}_${randomBytes(8).toString('hex')}`,
    trust: {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: {
            Federated: `arn:aws:iam::${accountId}:saml-provider/AWSSSO_1_DO_NOT_DELETE`,
          },
          Action: ['sts:AssumeRoleWithSAML', 'sts:TagSession'],
        },
      ],
    },
    policies: options.policies ?? [],
    maxSessionSeconds: 43_200,
  });
  const assignment: Assignment = {
    accountId,
    accountName: options.accountName ?? `account-${accountId.slice(-4)}`,
    emailAddress: `aws+${accountId}@example.com`,
    roleName: options.roleName,
    role,
    seconds: options.seconds ?? 3600,
  };
  directory.assignments.push(assignment);
  return assignment;
}

/** Eight consonants, as AWS shows them: no word comes out by chance. */
export function userCode(): string {
  const letters = 'BCDFGHJKLMNPQRSTVWXZ';
  const word = (): string =>
    Array.from({ length: 4 }, () => letters[randomInt(letters.length)]).join('');
  return `${word()}-${word()}`;
}

export function opaque(prefix: string): string {
  return prefix + randomBytes(48).toString('base64url');
}
