import { z } from 'zod';

import type { AwsSession } from '../../core/credential.ts';
import { ValetkeyError } from '../../core/errors.ts';
import { secret, type Secret } from '../../core/secret.ts';
import type { ConnectorInput, LoginFlow, LoginResult } from '../contract.ts';
import { storedField } from './access-key.ts';
import type { AwsCloud, AwsKeys, StsPlace } from './cloud.ts';

/*
 * A code of an MFA device works once, so it is asked for at login and spent on a session token,
 * which then stands for the keys until it expires.
 * https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
 */

const MFA_SECONDS = { min: 900, default: 43_200, max: 129_600 }; // as above

export const mfaFields = {
  mfa_serial: z
    .string()
    .regex(/^[\w+=/:,.@-]{9,256}$/, 'a device looks like arn:aws:iam::111122223333:mfa/name')
    .optional()
    .describe(
      'ARN or serial number of the MFA device; `valetkey connector login` then asks its code',
    ),
  mfa_session_seconds: z.coerce
    .number()
    .int()
    .min(MFA_SECONDS.min)
    .max(MFA_SECONDS.max)
    .default(MFA_SECONDS.default)
    .describe('How long one MFA login lasts, in seconds'),
};

interface MfaConfig {
  readonly mfa_serial?: string | undefined;
  readonly mfa_session_seconds: number;
}

interface MfaLogin {
  readonly cloud: Pick<AwsCloud, 'sts'>;
  readonly keys: AwsKeys;
  readonly place: StsPlace;
  readonly config: MfaConfig;
}

/** `undefined` when no device is configured. */
export function mfaLogin({ cloud, keys, place, config }: MfaLogin): LoginFlow | undefined {
  const serialNumber = config.mfa_serial;
  if (serialNumber === undefined) return undefined;
  return {
    prompt: { kind: 'code', label: serialNumber },
    async finish(code, signal) {
      const tokenCode = code?.replaceAll(/\s/g, '') ?? '';
      if (!/^\d{6}$/.test(tokenCode)) {
        throw new ValetkeyError('INPUT_INVALID', {
          subject: 'code',
          reason: 'an MFA code has 6 digits',
        });
      }
      const input = { seconds: config.mfa_session_seconds, mfa: { serialNumber, tokenCode } };
      return loginOf(await cloud.sts.getSessionToken(keys, input, place, signal));
    },
  };
}

function loginOf(session: AwsSession): LoginResult {
  return {
    expiresAt: session.expiresAt,
    fields: {
      aws_access_key_id: secret(session.accessKeyId),
      aws_secret_access_key: secret(session.secretAccessKey),
      aws_session_token: secret(session.sessionToken),
      account_id: secret(session.accountId),
      principal_arn: secret(session.principalArn),
      issued_at: secret(String(session.issuedAt)),
      expires_at: secret(String(session.expiresAt)),
    },
  };
}

/** The session an earlier login left. Throws `LOGIN_REQUIRED` when there is none that still lives. */
export function loggedIn(connector: ConnectorInput, now: number): AwsSession {
  const hint = `run: valetkey connector login ${connector.name}`;
  const { login } = connector;
  if (login === undefined) throw new ValetkeyError('LOGIN_REQUIRED', { hint });
  const expiresAt = numberOf(login, 'expires_at');
  if (expiresAt <= now) {
    throw new ValetkeyError('LOGIN_REQUIRED', { reason: 'the last login has expired', hint });
  }
  return {
    kind: 'aws-session',
    accessKeyId: storedField(login, 'aws_access_key_id').reveal(),
    secretAccessKey: storedField(login, 'aws_secret_access_key').reveal(),
    sessionToken: storedField(login, 'aws_session_token').reveal(),
    issuedAt: numberOf(login, 'issued_at'),
    expiresAt,
    accountId: storedField(login, 'account_id').reveal(),
    principalArn: storedField(login, 'principal_arn').reveal(),
  };
}

/** ms since the epoch. A value that is no number counts as the past. */
function numberOf(login: Readonly<Record<string, Secret>>, field: string): number {
  const value = Number(storedField(login, field).reveal());
  return Number.isFinite(value) ? value : 0;
}
