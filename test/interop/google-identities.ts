import { CLOUD_PLATFORM } from '../../src/stand-ins/google/scopes.ts';
import { oidcIssuer } from '../../src/stand-ins/google/oidc-issuer.ts';
import type { GoogleBed } from '../beds/google.ts';
import { PROJECT, ROBOT } from './google-home.ts';
import type { Installation } from './harness.ts';

/** Who a federated job is to the provider that Google trusts. */
const SUBJECT = 'repo:zen/ci';
const POOL = { projectNumber: '123456789012', pool: 'ci-pool', provider: 'runner' };

/** A person who may read the bucket `alpha`. */
export function addPerson({ google }: GoogleBed) {
  const email = 'ada@example.org';
  const scopes = ['openid', 'https://www.googleapis.com/auth/userinfo.email', CLOUD_PLATFORM];
  google.buckets.allow(`user:${email}`, 'alpha', 'roles/storage.objectViewer');
  return google.accounts.addUser({ email, consentedScopes: scopes });
}

/** An account that nobody has a key of: the others may become it. It may read the bucket `alpha`. */
export function addTarget({ google }: GoogleBed) {
  const target = google.accounts.addServiceAccount({ name: 'target', project: PROJECT });
  google.buckets.allow(`serviceAccount:${target.email}`, 'alpha', 'roles/storage.objectViewer');
  return target;
}

/** A job whose own token is in a file, and which may read the bucket `alpha` and become the robot. */
export async function addJob({ google }: GoogleBed, home: Installation) {
  const { issuer, jwks, mint } = oidcIssuer();
  const pool = google.pools.addPool({ ...POOL, oidc: { issuer, jwks } });
  const member = pool.member(SUBJECT);
  google.buckets.allow(member, 'alpha', 'roles/storage.objectViewer');
  google.accounts.grant({ member, role: 'workloadIdentityUser', on: ROBOT });
  const token = mint({ sub: SUBJECT, aud: `https:${pool.audience}` });
  const file = await home.privateFile(token);
  const configuration = (more: object = {}): string =>
    JSON.stringify({
      type: 'external_account',
      audience: pool.audience,
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      token_url: 'https://sts.googleapis.com/v1/token',
      credential_source: { file },
      ...more,
    });
  const account = `https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/${ROBOT}`;
  return {
    subject: SUBJECT,
    token,
    configuration,
    impersonating: () =>
      configuration({ service_account_impersonation_url: `${account}:generateAccessToken` }),
  };
}
