import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { onTestFinished } from 'vitest';

import type { GcpPlace } from '../../../src/connectors/gcp/cloud.ts';
import { parseExternalAccount } from '../../../src/connectors/gcp/external-account.ts';
import { subjectToken } from '../../../src/connectors/gcp/subject-token.ts';
import { secret } from '../../../src/core/secret.ts';
import { fakeClock, type FakeClock } from '../../support/fake-clock.ts';

export const AUDIENCE =
  '//iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/ci-pool/providers/runner';
export const JWT_TYPE = 'urn:ietf:params:oauth:token-type:jwt';
export const AWS_TYPE = 'urn:ietf:params:aws:token-type:aws4_request';
export const PLACE: GcpPlace = { universeDomain: 'googleapis.com' };

/** A configuration as `gcloud iam workload-identity-pools create-cred-config` writes it. */
export const configuration = (more: object = {}): Record<string, unknown> => ({
  type: 'external_account',
  audience: AUDIENCE,
  subject_token_type: JWT_TYPE,
  token_url: 'https://sts.googleapis.com/v1/token',
  credential_source: { file: '/var/run/token' },
  ...more,
});

export const impersonationUrl = (email: string, base = 'https://iamcredentials.googleapis.com') =>
  `${base}/v1/projects/-/serviceAccounts/${email}:generateAccessToken`;

export function parse(config: object, place: GcpPlace = PLACE) {
  return parseExternalAccount(secret(JSON.stringify(config)), place);
}

/** A folder that is gone with the test. */
export function folder() {
  const home = mkdtempSync(join(tmpdir(), 'valetkey-'));
  onTestFinished(() => rmSync(home, { recursive: true }));
  return {
    home,
    write(name: string, text: string): string {
      writeFileSync(join(home, name), text);
      return join(home, name);
    },
  };
}

/** The token from a source, as text. */
export async function obtain(
  config: object,
  more: {
    readonly env?: Readonly<Record<string, string>>;
    readonly clock?: FakeClock;
    readonly signal?: AbortSignal;
  } = {},
): Promise<string> {
  const clock = more.clock ?? fakeClock();
  const token = await subjectToken({
    account: parse(configuration(config)),
    machine: { clock, env: more.env ?? {}, implicit: { allow: [] } },
    signal: more.signal ?? new AbortController().signal,
  });
  return token.reveal();
}

export const failure = async (work: Promise<unknown>): Promise<unknown> =>
  await work.then(
    () => undefined,
    (error: unknown) => error,
  );
