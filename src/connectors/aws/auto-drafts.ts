import type { AwsSession } from '../../core/credential.ts';
import { ValetkeyError } from '../../core/errors.ts';
import { secret, type Secret } from '../../core/secret.ts';
import type { AuthMethodSpec, LoginResult } from '../contract.ts';
import federationToken from './auth-methods/federation-token.ts';
import iamRole from './auth-methods/iam-role.ts';
import implicit from './auth-methods/implicit.ts';
import profile from './auth-methods/profile.ts';
import secretKey from './auth-methods/secret-key.ts';
import sessionTokenMethod from './auth-methods/session-token.ts';
import sso from './auth-methods/sso.ts';
import stsToken from './auth-methods/sts-token.ts';
import webIdentity from './auth-methods/web-identity.ts';
import { allRoles, hopConfig, roleConfig } from './auto-roles.ts';
import type { AwsCloud, AwsKeys, AwsScope } from './cloud.ts';
import { needsCode } from './source-session.ts';
import type { ProfileRole, Source } from './source.ts';

type Fields = Readonly<Record<string, unknown>>;

/** A connector as it would be, not tried yet. */
export interface Draft {
  readonly method: AuthMethodSpec<AwsCloud, AwsScope>;
  /** Found on the machine; what was given on the command line comes over it. */
  readonly config: Fields;
  readonly secret: Readonly<Record<string, Secret>>;
  readonly login?: LoginResult | undefined;
  readonly expiresAt?: number | undefined;
  readonly notes: readonly string[];
  /** What it takes to know that it works; `login` = a person must log in first. */
  readonly trial: 'issue' | 'login';
}

/** What a draft is made of. */
export interface Find {
  readonly source: Source;
  readonly region: string | undefined;
  /** `role_arn` of the command line: assumed after the source's own roles. */
  readonly role: ProfileRole | undefined;
  /** A sign-in that the CLI left. */
  readonly login: LoginResult | undefined;
  /** A session of the source as it is, for a method that stores one. Asked only then. */
  readonly snapshot: () => Promise<AwsSession>;
}

type Drafter = (find: Find) => Draft | Promise<Draft>;

/** How each method would hold what was found. Throws `INPUT_INVALID` when it cannot. */
export const DRAFTERS: Readonly<Record<string, Drafter>> = {
  'iam-role': draftRole,
  'session-token': (find) => draftKeys(find, sessionTokenMethod, SESSION_NOTES),
  'secret-key': (find) => draftKeys(find, secretKey, SESSION_NOTES),
  'federation-token': (find) =>
    draftKeys(find, federationToken, [
      'The keys stay in the store; clients get sessions that may do what the user and the resource’s policy both allow.',
    ]),
  'web-identity': draftWebIdentity,
  sso: draftSso,
  profile: draftProfile,
  implicit: draftImplicit,
  'sts-token': draftSnapshot,
};

const SESSION_NOTES = [
  'The keys stay in the store; clients get sessions of at most twelve hours made from them.',
  'Such sessions carry all the user’s permissions. Narrowed ones come from a role (role_arn) or from federation-token.',
];

function draftKeys(find: Find, method: Draft['method'], notes: readonly string[]): Draft {
  const { source, region, role } = find;
  const { base, roles } = source;
  if (base.kind !== 'long-lived-keys' || roles.length > 0) {
    throw unfit(method.kind, source, 'it needs an IAM user’s own keys');
  }
  if (role !== undefined) {
    throw new ValetkeyError('INPUT_INVALID', {
      subject: 'role_arn',
      reason: `${method.kind} assumes no role`,
      hint: 'use iam-role',
    });
  }
  return { method, config: { region }, secret: secretsOf(base.keys), notes, trial: 'issue' };
}

function draftRole(find: Find): Draft {
  const { source, region } = find;
  const { base } = source;
  if (base.kind !== 'long-lived-keys' && base.kind !== 'temporary-keys') {
    throw unfit('iam-role', source, 'it needs keys to store');
  }
  const roles = allRoles(source.roles, find.role);
  if (roles.length === 0) {
    throw new ValetkeyError('INPUT_INVALID', {
      subject: 'role_arn',
      reason: 'there is no role in what was found',
      hint: 'say which role to assume: role_arn',
    });
  }
  const mfa_serial = source.roles.find(({ mfaSerial }) => mfaSerial !== undefined)?.mfaSerial;
  const temporary = base.kind === 'temporary-keys';
  return {
    method: iamRole,
    config: { region, ...roleConfig(roles), ...(mfa_serial === undefined ? {} : { mfa_serial }) },
    secret: secretsOf(base.keys),
    expiresAt: temporary ? base.expiresAt : undefined,
    notes: [
      'The keys stay in the store; clients get sessions of the role, narrowed to the resource they ask for.',
      ...(temporary ? ['The stored keys are temporary: when they expire, store fresh ones.'] : []),
      ...(mfa_serial === undefined
        ? []
        : ['The role asks for MFA: run valetkey connector login after registering.']),
    ],
    trial: mfa_serial === undefined ? 'issue' : 'login',
  };
}

function draftWebIdentity(find: Find): Draft {
  const { source, region } = find;
  const { base } = source;
  if (base.kind !== 'web-identity') {
    throw unfit('web-identity', source, 'it needs a role and a token file');
  }
  const chain = allRoles(source.roles, find.role).map(hopConfig);
  return {
    method: webIdentity,
    config: {
      region,
      role_arn: base.roleArn,
      token_file: base.tokenFile,
      ...(base.sessionName === undefined ? {} : { role_session_name: base.sessionName }),
      ...(chain.length === 0 ? {} : { role_chain: chain }),
    },
    secret: {},
    notes: ['Nothing is stored; the token file is read anew for each session.'],
    trial: 'issue',
  };
}

function draftSso(find: Find): Draft {
  const { source, region, login } = find;
  const { base } = source;
  if (base.kind !== 'sso') throw unfit('sso', source, 'it needs an IAM Identity Center profile');
  const roles = allRoles(source.roles, find.role);
  return {
    method: sso,
    config: {
      region,
      sso_start_url: base.startUrl,
      sso_region: base.region,
      sso_account_id: base.accountId,
      sso_role_name: base.roleName,
      ...(roles.length === 0 ? {} : roleConfig(roles)),
    },
    secret: {},
    login,
    notes: [
      ...(login === undefined
        ? ['Nobody is signed in: run valetkey connector login after registering.']
        : [
            'The CLI’s sign-in was taken over. When one of the two renews it the other may have to sign in again; valetkey connector login gives the connector its own.',
          ]),
      ...(roles.length === 0
        ? [
            'Its sessions carry the whole permission set; role_arn, a role it may assume, would narrow them.',
          ]
        : []),
    ],
    trial: login === undefined ? 'login' : 'issue',
  };
}

function draftProfile(find: Find): Draft {
  const { source, region, role } = find;
  if (source.profile === undefined) throw unfit('profile', source, 'it is not from a profile');
  return {
    method: profile,
    config: { profile: source.profile, region, ...(role && hopConfig(role)) },
    secret: {},
    notes: [
      'Nothing is stored; the daemon reads the profile anew for each session and must run as the same person.',
    ],
    trial: needsCode(source) ? 'login' : 'issue',
  };
}

function draftImplicit({ source, region, role }: Find): Draft {
  return {
    method: implicit,
    config: {
      region,
      ...(source.profile && { profile_name: source.profile }),
      ...(role && hopConfig(role)),
    },
    secret: {},
    notes: ['Nothing is stored; the daemon uses the identity of the machine it runs on.'],
    trial: 'issue',
  };
}

async function draftSnapshot({ source, region, snapshot }: Find): Promise<Draft> {
  const session = await snapshot();
  const until = new Date(session.expiresAt).toISOString();
  return {
    method: stsToken,
    config: { region },
    secret: {
      aws_access_key_id: secret(session.accessKeyId),
      aws_secret_access_key: secret(session.secretAccessKey),
      aws_session_token: secret(session.sessionToken),
    },
    expiresAt: session.expiresAt,
    notes: [
      `One session of ${source.origin} is stored. It ends at ${until} and will not be renewed.`,
    ],
    trial: 'issue',
  };
}

function secretsOf({ accessKeyId, secretAccessKey, sessionToken }: AwsKeys) {
  return {
    aws_access_key_id: secret(accessKeyId),
    aws_secret_access_key: secretAccessKey,
    ...(sessionToken === undefined ? {} : { aws_session_token: sessionToken }),
  };
}

function unfit(method: string, source: Source, reason: string): ValetkeyError {
  return new ValetkeyError('INPUT_INVALID', {
    subject: 'auth_method',
    reason: `${method} cannot be made of ${source.origin}: ${reason}`,
    hint: 'leave the auth method out, and the one that fits is chosen',
  });
}
