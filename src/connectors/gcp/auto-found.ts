import { withSubject } from '../../core/errors.ts';
import { secret, type Secret } from '../../core/secret.ts';
import type { AutoConfigureInput } from '../contract.ts';
import type { Source } from './auto-sources.ts';
import { foundUserBase } from './bases/found-user.ts';
import { consentedScopes } from './bases/user-account.ts';
import type { GcpCloud, GcpPlace } from './cloud.ts';
import { parseExternalAccount, typeIn } from './external-account.ts';
import type { GcloudConfiguration } from './gcloud-configuration.ts';
import { nonEmpty } from './gcloud-folder.ts';
import { parseImpersonatedFile } from './impersonated-file.ts';
import { invalid } from './json-secret.ts';
import { parseKeyFile, parseUserFile } from './key-file.ts';
import { GOOGLE_UNIVERSE, placeOf } from './place.ts';

type Input = AutoConfigureInput<GcpCloud>;

/** A source, understood and checked. */
export interface Found {
  readonly origin: string;
  /** Facts of it, by the names of the methods' fields; undefined ones are unknown. */
  readonly config: Readonly<Record<string, unknown>>;
  /** What would be stored, in the field that methods keep it in; absent: nothing but the machine's own. */
  readonly secret?: { readonly field: string; readonly json: Secret } | undefined;
  readonly impersonated?: Impersonated | undefined;
  /** Is it what the daemon's own identity would be? */
  readonly implicit: boolean;
  readonly notes: readonly string[];
}

interface Impersonated {
  readonly target: string;
  /** E-mails of the accounts in between, in order. */
  readonly delegates: readonly string[];
}

/** What one kind of credential file tells. */
interface Content {
  readonly config: Found['config'];
  readonly secret: NonNullable<Found['secret']>;
  readonly impersonated?: Impersonated | undefined;
}

interface Around {
  readonly input: Input;
  readonly place: GcpPlace;
  /** Names the file in errors. */
  readonly subject: string;
}

type Understand = (json: Secret, around: Around) => Content | Promise<Content>;

const KINDS: Readonly<Record<string, Understand>> = {
  service_account(json, { place, subject }) {
    const { clientEmail, projectId } = parseKeyFile(json, place, subject);
    return {
      config: { project_id: projectId, account_email: clientEmail },
      secret: { field: 'service_account_json', json },
    };
  },
  async authorized_user(json, { input, place, subject }) {
    const user = parseUserFile(json, place, subject);
    const { cloud, signal } = input;
    // Who it is, and what was consented to, is only known by a token.
    const base = await foundUserBase(cloud.auth, user, place, signal).catch((error: unknown) => {
      signal.throwIfAborted();
      throw withSubject(error, subject);
    });
    const { scopes } = await base.token(undefined, signal);
    const usual = consentedScopes(undefined);
    return {
      config: {
        account_email: nonEmpty(base.principal),
        quota_project: user.quotaProject,
        scopes: scopes.length === 0 || sameSet(scopes, usual) ? undefined : scopes,
      },
      secret: { field: 'user_account_json', json: rebuilt(user, place) },
    };
  },
  external_account(json, { place, subject }) {
    const { impersonation } = parseExternalAccount(json, place, subject);
    return {
      config: { account_email: impersonation?.email },
      secret: { field: 'external_account_json', json },
    };
  },
  async impersonated_service_account(json, around) {
    const { input, place, subject } = around;
    const file = parseImpersonatedFile(json, place, subject);
    const inner = { input, place, subject: `${subject}: source_credentials` };
    const { secret: kept, config } = await understand(file.source, inner);
    const { target, delegates } = file;
    // The project of who impersonates is not the one that is worked in.
    return {
      config: { ...config, project_id: undefined },
      secret: kept,
      impersonated: { target, delegates },
    };
  },
};

/** Throws `INPUT_INVALID` naming the file for what is broken or leads to a stranger, and what a trial throws. */
export async function foundIn(source: Source, input: Input): Promise<Found> {
  const { origin } = source;
  if (source.kind === 'machine') {
    const config = { project_id: source.project, account_email: source.email };
    return { origin, config, implicit: true, notes: [] };
  }
  const { file, gcloud } = source;
  const universe = input.given['universe_domain'] ?? gcloud?.universeDomain;
  const place = placeOf({ ...input.given, universe_domain: universe });
  const subject = file.shown;
  const {
    config,
    secret: kept,
    impersonated,
  } = await understand(file.json, { input, place, subject });
  return {
    origin,
    config: {
      ...config,
      account_email: config['account_email'] ?? personOf(gcloud),
      quota_project:
        config['quota_project'] ??
        (kept.field === 'user_account_json' ? gcloud?.quotaProject : undefined),
      universe_domain: universe === GOOGLE_UNIVERSE ? undefined : universe,
    },
    secret: kept,
    impersonated: impersonated ?? impersonatedBy(gcloud),
    implicit: gcloud === undefined,
    notes: file.open ? [`Others on this machine can read ${subject}: chmod 600 it.`] : [],
  };
}

async function understand(json: Secret, around: Around): Promise<Content> {
  const type = typeIn(json, around.subject);
  const kind = Object.hasOwn(KINDS, type) ? KINDS[type] : undefined;
  if (kind !== undefined) return await kind(json, around);
  throw invalid(around.subject, 'type: a credential file of this type is not supported');
}

/** gcloud's name for an account is its e-mail, but for federated ones. */
function personOf(gcloud: GcloudConfiguration | undefined): string | undefined {
  const account = gcloud?.account;
  return account !== undefined && /^[^\s@/]+@[^\s@/]+$/.test(account) ? account : undefined;
}

function impersonatedBy(gcloud: GcloudConfiguration | undefined): Impersonated | undefined {
  const chain = gcloud?.impersonated ?? [];
  const target = chain.at(-1);
  return target === undefined ? undefined : { target, delegates: chain.slice(0, -1) };
}

/** What a login is made of, and nothing else that its file has. */
function rebuilt(
  { clientId, clientSecret, refreshToken }: ReturnType<typeof parseUserFile>,
  { universeDomain }: GcpPlace,
): Secret {
  return secret(
    JSON.stringify({
      type: 'authorized_user',
      client_id: clientId,
      client_secret: clientSecret.reveal(),
      refresh_token: refreshToken.reveal(),
      universe_domain: universeDomain,
    }),
  );
}

function sameSet(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((item) => other.includes(item));
}
