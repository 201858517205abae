import type { AwsSession } from '../../core/credential.ts';
import { ValetkeyError, type ErrorCode } from '../../core/errors.ts';
import type { AutoConfigureInput, LoginResult, Proposal } from '../contract.ts';
import { ambientSource, regionFromEnv } from './ambient.ts';
import { DRAFTERS, type Draft, type Find } from './auto-drafts.ts';
import { givenRole } from './auto-roles.ts';
import { tryOut, type Trial } from './auto-trial.ts';
import type { AwsCloud } from './cloud.ts';
import { profileSource } from './profile-source.ts';
import { readSharedConfig } from './shared-config.ts';
import { endUnknown, sourceSession } from './source-session.ts';
import type { Source } from './source.ts';
import { readCachedToken, writeCachedToken } from './sso-cache.ts';
import { loginOfToken, tokenOfLogin } from './sso-token.ts';

type Input = AutoConfigureInput<AwsCloud>;

const SNAPSHOT_SECONDS = { session: 43_200, role: 3600 };

/**
 * Makes a connector of what AWS's own tools would use on this machine, by the safest method that
 * works here, tried out before it is proposed. Throws `NOT_FOUND` when there is nothing, and what
 * the trial threw when there is something that does not work.
 */
export async function autoConfigure(input: Input): Promise<Proposal> {
  const source = await findSource(input);
  const login = await cliSignIn(source, input);
  const find: Find = {
    source,
    region: input.given['region'] ?? source.region ?? regionFromEnv(input.machine.env),
    role: givenRole(input.given),
    login,
    snapshot: () => snapshotOf(source, input),
  };
  const seen = {
    source,
    role: source.roles.length > 0 || find.role !== undefined,
    narrowed: wantsNarrowed(input),
  };
  const methods = input.method === undefined ? METHODS[source.base.kind](seen) : [input.method];
  return await firstThatWorks(methods, find, input);
}

/** The whole account is the one resource that brings no policy. */
function wantsNarrowed({ resource }: Input): boolean {
  return resource !== undefined && resource.type !== 'aws-generic';
}

async function findSource({ machine, given }: Input): Promise<Source> {
  const { env } = machine;
  const files = await readSharedConfig(env);
  const profile = given['profile'] ?? given['profile_name'];
  const source =
    profile === undefined ? ambientSource(env, files) : profileSource(profile, { env, files });
  if (source === undefined) throw nothingFound(undefined);
  return source;
}

interface Circumstances {
  readonly source: Source;
  /** The source or the command line names a role. */
  readonly role: boolean;
  readonly narrowed: boolean;
}

/** For each base the safest method first; a later one is taken only for a reason in `GIVES_WAY`. */
const METHODS: Readonly<
  Record<Source['base']['kind'], (seen: Circumstances) => readonly string[]>
> = {
  'long-lived-keys': ({ role, narrowed }) => {
    if (role) return ['iam-role'];
    return narrowed ? ['federation-token', 'session-token'] : ['session-token'];
  },
  'temporary-keys': ({ source, role }) => {
    if (role) return ['iam-role'];
    const { base, origin, profile } = source;
    if ('expiresAt' in base && base.expiresAt === undefined) throw endUnknown(origin);
    // Whoever wrote an expiry into a file renews the file.
    return profile === undefined ? ['sts-token'] : ['profile'];
  },
  'web-identity': () => ['web-identity'],
  sso: () => ['sso'],
  process: () => ['profile'],
  container: () => ['implicit', 'sts-token'],
  instance: () => ['implicit', 'sts-token'],
};

/** Errors of a method after which the next is tried, and what is said about it then. */
const GIVES_WAY: Readonly<Record<string, { codes: readonly ErrorCode[]; note: string }>> = {
  'federation-token': {
    codes: ['UPSTREAM_DENIED', 'UPSTREAM_INVALID'],
    note: 'The user may not call sts:GetFederationToken, so these sessions are not narrowed: allow it, give a role (role_arn), or register with --allow-unscoped.',
  },
  implicit: {
    codes: ['IMPLICIT_FORBIDDEN'],
    note: 'implicit would renew by itself, but policy.implicit.allow in config.yaml does not list this identity.',
  },
};

async function firstThatWorks(
  [kind = '', ...others]: readonly string[],
  find: Find,
  input: Input,
): Promise<Proposal> {
  try {
    return await propose(kind, find, input);
  } catch (error) {
    const way = GIVES_WAY[kind];
    const goesOn =
      others.length > 0 && error instanceof ValetkeyError && way?.codes.includes(error.code);
    if (goesOn !== true || way === undefined) throw silentInstance(error, find.source);
    const proposal = await firstThatWorks(others, find, input);
    return { ...proposal, notes: [...proposal.notes, way.note] };
  }
}

async function propose(kind: string, find: Find, input: Input): Promise<Proposal> {
  const { cloud, machine, signal, given } = input;
  const { source } = find;
  const drafter = Object.hasOwn(DRAFTERS, kind) ? DRAFTERS[kind] : undefined;
  if (drafter === undefined) {
    throw new ValetkeyError('INPUT_INVALID', {
      subject: 'auth_method',
      reason: `there is no auth method ‘${kind}’`,
      hint: `use one of: ${Object.keys(DRAFTERS).join(', ')}`,
    });
  }
  const drafted = await drafter(find);
  const draft: Draft = { ...drafted, config: { ...drafted.config, ...furtherFields(given) } };
  const needed = draft.method.config.shape['region']?.safeParse(undefined).success === false;
  if (needed && draft.config['region'] === undefined) {
    throw new ValetkeyError('INPUT_INVALID', {
      subject: 'region',
      reason: `neither the variables nor ${source.origin} name one`,
      hint: 'give it: region=eu-central-1',
    });
  }
  const trial: Trial = {
    cloud,
    machine,
    signal,
    origin: source.origin,
    narrowed: wantsNarrowed(input),
    keep: (renewed) => giveBack(renewed, source, input),
  };
  return await tried(draft, trial);
}

/** A profile that cannot be narrowed is proposed whole, and says so. */
async function tried(draft: Draft, trial: Trial): Promise<Proposal> {
  try {
    return await tryOut(draft, trial);
  } catch (error) {
    const unscoped = error instanceof ValetkeyError && error.code === 'SCOPE_UNSUPPORTED';
    if (!unscoped || !('as_is' in draft.method.config.shape)) throw error;
    const note =
      'AWS cannot narrow these sessions: give a role that they may assume (role_arn), or register with --allow-unscoped.';
    const whole = { ...draft, config: { ...draft.config, as_is: true } };
    return await tryOut({ ...whole, notes: [...draft.notes, note] }, trial);
  }
}

/** What `Find` carries already; the rest goes into the configuration as it was given. */
const CARRIED = ['profile', 'profile_name', 'region', 'role_arn'];
const OF_THE_ROLE = ['external_id', 'role_session_name'];

function furtherFields(given: Input['given']): Record<string, string> {
  const carried = given['role_arn'] === undefined ? CARRIED : [...CARRIED, ...OF_THE_ROLE];
  return Object.fromEntries(Object.entries(given).filter(([field]) => !carried.includes(field)));
}

async function cliSignIn(source: Source, input: Input): Promise<LoginResult | undefined> {
  const { base } = source;
  if (base.kind !== 'sso') return undefined;
  const token = await readCachedToken(base, input.machine.env);
  if (token === undefined) return undefined;
  const login = loginOfToken(token);
  return login.expiresAt > input.machine.clock.now() ? login : undefined;
}

/** A renewal spent the CLI's refresh token: it gets the new one. */
async function giveBack(login: LoginResult, { base }: Source, { machine }: Input): Promise<void> {
  const token = tokenOfLogin(login.fields);
  if (base.kind === 'sso' && token !== undefined) await writeCachedToken(base, token, machine.env);
}

/** One session of the source as it is: long-lived keys are exchanged, the rest is taken over. */
async function snapshotOf(source: Source, input: Input): Promise<AwsSession> {
  const { cloud, machine, signal, given } = input;
  const exchanged = source.base.kind === 'long-lived-keys' && source.roles.length === 0;
  const role = givenRole(given);
  const session = {
    name: 'auto-configure',
    config: {},
    secret: {},
    login: undefined,
    expiresAt: undefined,
  };
  return await sourceSession(source, {
    cloud,
    machine,
    signal,
    connector: session,
    config: {
      region: given['region'],
      sts_region: given['sts_region'],
      sts_endpoint: given['sts_endpoint'],
      role_arn: role?.roleArn,
      external_id: role?.externalId,
      role_session_name: role?.sessionName,
    },
    scope: undefined,
    seconds: exchanged && role === undefined ? SNAPSHOT_SECONDS.session : SNAPSHOT_SECONDS.role,
    login: undefined,
    saveLogin: (login) => giveBack(login, source, input),
    loginHint: 'sign in first: aws sso login',
  });
}

/** IMDS is tried wherever it is not switched off: silence there means that nothing was found. */
function silentInstance(error: unknown, { base }: Source): unknown {
  const silent = error instanceof ValetkeyError && error.code === 'UPSTREAM_UNAVAILABLE';
  return silent && base.kind === 'instance' ? nothingFound(error) : error;
}

function nothingFound(cause: unknown): ValetkeyError {
  return new ValetkeyError('NOT_FOUND', {
    subject: 'AWS credentials',
    reason: 'there are none in the variables, the AWS files, a container endpoint or IMDS',
    hint: 'run aws configure or aws sso login first, or register without --auto-configure',
    cause,
  });
}
