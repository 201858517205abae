import { z } from 'zod';

import { secret, type Secret } from '../../core/secret.ts';
import type { GcpPlace } from './cloud.ts';
import { credentialSource, type CredentialSource } from './credential-source.ts';
import { isGoogleHost } from './google-hosts.ts';
import { fieldsIn, invalid, objectIn } from './json-secret.ts';

/** A configuration of workload or workforce identity federation, checked. https://google.aip.dev/auth/4117 */
export interface ExternalAccount {
  readonly audience: string;
  readonly subjectTokenType: string;
  readonly source: CredentialSource;
  /** The service account that is impersonated with the federated token. */
  readonly impersonation: { readonly email: string; readonly seconds: number } | undefined;
  /** Workforce pools: the project that the exchange is counted against. */
  readonly userProject: string | undefined;
  readonly clientId: string | undefined;
  readonly clientSecret: Secret | undefined;
  /** Where Google is asked: as given, or a regional host that the configuration names. */
  readonly place: GcpPlace;
}

const WORKFORCE =
  /^\/\/iam\.[a-z0-9.-]+\/locations\/[a-z0-9-]+\/workforcePools\/[^/\s]+\/providers\/[^/\s]+$/;
const WORKLOAD =
  /^\/\/iam\.[a-z0-9.-]+\/projects\/[a-z0-9-]+\/locations\/[a-z0-9-]+\/workloadIdentityPools\/[^/\s]+\/providers\/[^/\s]+$/;
/** Pools of fleets. https://cloud.google.com/kubernetes-engine/fleet-management/docs/use-workload-identity */
const FLEET = /^identitynamespace:[^\s:]+:\S+$/;

const AWS_TOKEN = 'urn:ietf:params:aws:token-type:aws4_request';
const TOKEN_TYPES = new Set([
  'urn:ietf:params:oauth:token-type:jwt',
  'urn:ietf:params:oauth:token-type:id_token',
  'urn:ietf:params:oauth:token-type:saml2',
  AWS_TOKEN,
]);

const seconds = z.int().min(600, 'it must be 600 to 43200').max(43_200, 'it must be 600 to 43200');

const Document = z.object({
  audience: z.string(),
  subject_token_type: z
    .string()
    .refine((type) => TOKEN_TYPES.has(type), 'this type of token is not supported'),
  credential_source: credentialSource,
  token_url: z.string().optional(),
  service_account_impersonation_url: z.string().optional(),
  service_account_impersonation: z
    .object({ token_lifetime_seconds: seconds.optional() })
    .optional(),
  workforce_pool_user_project: z.string().min(1).optional(),
  client_id: z.string().min(1).optional(),
  client_secret: z.string().min(1).optional(),
  universe_domain: z.string().min(1).optional(),
});

/** What takes the other kinds of credential files, or why nothing does. */
const OTHER_TYPES: Readonly<Record<string, string>> = {
  service_account: 'register a key file with the auth method service-account',
  authorized_user: 'register a person’s login with the auth method user-account',
  impersonated_service_account: 'register it with the auth method impersonation',
  external_account_authorized_user:
    'a workforce user’s own login is renewed at a token service that is not supported; use an external_account configuration of the pool',
};

/** The type that a credential file says it has. Throws `INPUT_INVALID` when it is no JSON object. */
export function typeIn(json: Secret, subject: string): string {
  const type = objectIn(json, subject)['type'];
  return typeof type === 'string' ? type : '';
}

/**
 * Checks that nothing in it leads to a stranger: the subject token goes to Google's STS of the place's
 * universe, or to the endpoint that the place names, and nowhere else. `subject` names the field or
 * file. Throws `INPUT_INVALID`, never quoting a value.
 */
export function parseExternalAccount(
  json: Secret,
  place: GcpPlace,
  subject = 'external_account_json',
): ExternalAccount {
  const raw = objectIn(json, subject);
  checkType(raw['type'], subject);
  const document = fieldsIn(Document, raw, subject);
  const { audience, credential_source: source, universe_domain: universe } = document;
  if (universe !== undefined && universe !== place.universeDomain) {
    throw invalid(
      subject,
      'universe_domain: it is not the connector’s own',
      'give the connector the same universe_domain',
    );
  }
  const userProject = document.workforce_pool_user_project;
  checkAudience(audience, userProject, subject);
  if ((source.kind === 'aws') !== (document.subject_token_type === AWS_TOKEN)) {
    throw invalid(subject, 'subject_token_type: it does not fit the credential_source');
  }
  const { service_account_impersonation_url: url } = document;
  const email = url === undefined ? undefined : impersonatedIn(url, place, subject);
  const lifetime = document.service_account_impersonation?.token_lifetime_seconds ?? 3600;
  const clientSecret = document.client_secret;
  return {
    audience,
    subjectTokenType: document.subject_token_type,
    source,
    impersonation: email && { email: email.email, seconds: lifetime },
    userProject,
    clientId: document.client_id,
    clientSecret: clientSecret === undefined ? undefined : secret(clientSecret),
    place: {
      ...place,
      stsEndpoint: stsEndpoint(document.token_url, place, subject),
      iamCredentialsEndpoint: email?.endpoint ?? place.iamCredentialsEndpoint,
    },
  };
}

/** Of people, not of workloads. */
export function isWorkforce({ audience }: ExternalAccount): boolean {
  return WORKFORCE.test(audience);
}

function checkType(type: unknown, subject: string): void {
  if (type === 'external_account') return;
  const known = typeof type === 'string' && Object.hasOwn(OTHER_TYPES, type);
  const hint = known ? OTHER_TYPES[type] : undefined;
  const reason = known
    ? `its type is ${type}, not external_account`
    : 'its type is not external_account';
  throw invalid(subject, reason, hint);
}

function checkAudience(audience: string, userProject: string | undefined, subject: string): void {
  const workforce = WORKFORCE.test(audience);
  if (!workforce && !WORKLOAD.test(audience) && !FLEET.test(audience)) {
    throw invalid(
      subject,
      'audience: it names no provider of a workload or workforce identity pool',
    );
  }
  if (workforce === (userProject !== undefined)) return;
  const reason = workforce ? 'a workforce pool needs it' : 'it is for workforce pools alone';
  throw invalid(subject, `workforce_pool_user_project: ${reason}`);
}

/** The endpoint that differs from the universe's usual one, which stays open to the machine's variables. */
function stsEndpoint(tokenUrl: string | undefined, place: GcpPlace, subject: string) {
  if (tokenUrl === undefined) return place.stsEndpoint;
  const url = checkedUrl(tokenUrl, 'token_url', subject);
  if (/(?:^|\.)mtls\./.test(url.hostname)) {
    throw invalid(subject, 'token_url: X.509 certificates as a source are not supported');
  }
  if (!url.pathname.endsWith('/v1/token'))
    throw invalid(subject, 'token_url: its path is not /v1/token');
  return endpointOf(url, 'sts', place.stsEndpoint, { place, field: 'token_url', subject });
}

/**
 * Whom a `service_account_impersonation_url` names, and the endpoint to ask where it is not the usual
 * one. Throws `INPUT_INVALID` when it leads anywhere but to Google or to the place's own endpoint.
 */
export function impersonatedIn(
  text: string,
  place: GcpPlace,
  subject: string,
): { readonly email: string; readonly endpoint: string | undefined } {
  const field = 'service_account_impersonation_url';
  const url = checkedUrl(text, field, subject);
  const path =
    /\/v1\/projects\/-\/serviceAccounts\/([^/:@\s%]+)(?:@|%40)([^/:@\s%]+):generateAccessToken$/;
  const [, name, domain] = path.exec(url.pathname) ?? [];
  if (name === undefined || domain === undefined) {
    throw invalid(
      subject,
      `${field}: it does not end with /v1/projects/-/serviceAccounts/EMAIL:generateAccessToken`,
    );
  }
  const where = { place, field, subject };
  return {
    email: `${name}@${domain}`,
    endpoint: endpointOf(url, 'iamcredentials', place.iamCredentialsEndpoint, where),
  };
}

function checkedUrl(text: string, field: string, subject: string): URL {
  const url = URL.parse(text);
  if (url === null || url.username !== '' || url.search !== '' || url.hash !== '') {
    throw invalid(subject, `${field}: it is no plain URL`);
  }
  return url;
}

/** What the connector was told wins; without that, only Google's own hosts of the universe will do. */
function endpointOf(
  url: URL,
  service: string,
  configured: string | undefined,
  {
    place,
    field,
    subject,
  }: { readonly place: GcpPlace; readonly field: string; readonly subject: string },
): string | undefined {
  const google =
    url.protocol === 'https:' &&
    url.port === '' &&
    isGoogleHost(url.hostname, service, place.universeDomain);
  const own = configured !== undefined && URL.parse(configured)?.origin === url.origin;
  if (!google && !own) {
    throw invalid(
      subject,
      `${field}: it is no host of ${place.universeDomain}’s ${service}`,
      `for a service of your own give its URL to the connector, as ${service}_endpoint`,
    );
  }
  if (configured !== undefined) return configured;
  return url.hostname === `${service}.${place.universeDomain}` ? undefined : url.origin;
}
