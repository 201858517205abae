import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { z } from 'zod';

import type { SsoToken } from '../../../src/connectors/aws/cloud.ts';
import { createSso } from '../../../src/connectors/aws/sso.ts';
import { never, type Bed } from './aws-bed.ts';
import type { HomeMachine } from './aws-home.ts';
import { passingClock } from './passing-clock.ts';

export const SSO_REGION = 'eu-central-1';

/** `[profile name]` with a session called `corp`. */
export function ssoProfile(bed: Bed, name: string, roleName: string): string {
  return `[profile ${name}]
sso_session = corp
sso_account_id = 111122223333
sso_role_name = ${roleName}
[sso-session corp]
sso_start_url = ${bed.aws.sso.startUrl}
sso_region = ${SSO_REGION}
`;
}

/** A person signs in and confirms at once. */
export async function signIn(bed: Bed): Promise<SsoToken> {
  let userCode = '';
  const clock = passingClock(bed.clock, () => bed.aws.sso.decide(userCode, 'approved'));
  const sso = createSso({ ...bed.machine, clock });
  const input = { startUrl: bed.aws.sso.startUrl, region: SSO_REGION };
  const device = await sso.startDevice(input, never());
  ({ userCode } = device);
  return await device.poll(never());
}

/** Below the home folder. */
export const SSO_CACHE = join(
  '.aws/sso/cache',
  `${createHash('sha1').update('corp').digest('hex')}.json`, // as botocore names it
);

const second = (at: number) => new Date(at).toISOString().replace('.000Z', 'Z');

/** What `aws sso login` leaves behind: fields and formats of botocore's SSOTokenProvider. */
export async function cliSignIn(bed: Bed, machine: HomeMachine): Promise<SsoToken> {
  const token = await signIn(bed);
  const cached = {
    startUrl: bed.aws.sso.startUrl,
    region: SSO_REGION,
    accessToken: token.accessToken.reveal(),
    expiresAt: second(token.expiresAt),
    clientId: token.clientId,
    clientSecret: token.clientSecret.reveal(),
    registrationExpiresAt: second(token.clientSecretExpiresAt),
    refreshToken: token.refreshToken?.reveal(),
  };
  machine.write(SSO_CACHE, JSON.stringify(cached));
  return token;
}

export function cachedSignIn(machine: HomeMachine): Record<string, unknown> {
  const text = readFileSync(join(machine.home, SSO_CACHE), 'utf8');
  return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
}
