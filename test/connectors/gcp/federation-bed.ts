import { oidcIssuer } from '../../../src/stand-ins/google/oidc-issuer.ts';
import { createKeySource } from '../../../src/stand-ins/google/rsa-keys.ts';
import { configuration, folder, impersonationUrl } from './external-account-bed.ts';
import { openBed, type Bed } from './bed.ts';

/** A pool that trusts an issuer, and a service account that its subject `job` may become. */
export type FederationBed = Awaited<ReturnType<typeof federationBed>>;

export async function federationBed(env: Record<string, string> = {}) {
  const bed = await openBed(env);
  return { ...bed, ...federate(bed) };
}

export function federate({ google, clock, robot }: Pick<Bed, 'google' | 'clock' | 'robot'>) {
  const { pools, accounts } = google;
  const issuer = oidcIssuer({ now: () => clock.now(), keys: createKeySource() });
  const pool = pools.addPool({
    projectNumber: '123456789012',
    pool: 'ci-pool',
    provider: 'runner',
    oidc: issuer,
    condition: (claims) => claims['sub'] !== 'stranger',
  });
  accounts.grant({ member: pool.member('job'), role: 'workloadIdentityUser', on: robot.email });
  const files = folder();
  const mint = (claims: { sub?: string } = {}) =>
    issuer.mint({ sub: 'job', aud: pool.audience, ...claims });
  const token = mint();
  const tokenFile = files.write('token', token);
  /** The configuration's text: the token is in a file, the rest as given. */
  const json = (more: object = {}) =>
    JSON.stringify(
      configuration({
        audience: pool.audience,
        credential_source: { file: tokenFile },
        ...more,
      }),
    );
  return {
    pool,
    files,
    mint,
    token,
    tokenFile,
    json,
    impersonating: (email = robot.email, more: object = {}) =>
      json({ service_account_impersonation_url: impersonationUrl(email), ...more }),
  };
}

/** Names of what was asked of Google, in order. */
export const asked = ({ google }: Pick<Bed, 'google'>): readonly string[] =>
  google.log.map(({ operation }) => operation);
