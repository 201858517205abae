import { z } from 'zod';

import { ofKind } from '../../core/credential.ts';
import type { Credential } from '../../core/credential.ts';
import { ValetkeyError } from '../../core/errors.ts';
import { secret, type Secret } from '../../core/secret.ts';
import type { AwsKeys } from './cloud.ts';

/** Stored keys as ZenML names them; all are kept in the store. */
export const accessKeyFields = {
  aws_access_key_id: z
    .string()
    .regex(/^[A-Z0-9]{16,128}$/, 'an access key id has 16 to 128 capital letters and digits')
    .describe('Access key id'),
  aws_secret_access_key: z
    .string()
    .min(16, 'a secret access key has at least 16 characters')
    .regex(/^\S*$/, 'a secret access key has no spaces')
    .describe('Secret access key'),
};

export const sessionTokenField = z
  .string()
  .min(1)
  .regex(/^\S*$/, 'a session token has no spaces')
  .describe('Session token of the temporary keys');

/** The stored keys. Throws `SECRET_MISSING` naming the field. */
export function storedKeys(fields: Readonly<Record<string, Secret>>): AwsKeys {
  return {
    accessKeyId: storedField(fields, 'aws_access_key_id').reveal(),
    secretAccessKey: storedField(fields, 'aws_secret_access_key'),
    sessionToken: fields['aws_session_token'],
  };
}

export function storedField(fields: Readonly<Record<string, Secret>>, field: string): Secret {
  const value = fields[field];
  if (value === undefined) throw new ValetkeyError('SECRET_MISSING', { subject: field });
  return value;
}

/** IAM User Guide, "Unique identifiers": `AKIA` begins a user's key, `ASIA` a session's. */
export function isLongLived(accessKeyId: string): boolean {
  return accessKeyId.startsWith('AKIA');
}

export const LONG_LIVED =
  'this is a long-lived key, not a session’s, and is never handed out: use session-token or iam-role';

/**
 * Before keys are handed on as they are. AWS itself refuses a user's key that comes with some session
 * token, but a compatible service may look at the signature alone.
 */
export function mustBeTemporary({ accessKeyId }: AwsKeys, subject = 'aws_access_key_id'): void {
  if (isLongLived(accessKeyId)) {
    throw new ValetkeyError('CONFIG_INVALID', { subject, reason: LONG_LIVED });
  }
}

/** The keys of a session, to go on with. Throws `INTERNAL` for a credential that is none. */
export function keysOf(credential: Credential): AwsKeys {
  const session = ofKind(credential, 'aws-session');
  return {
    accessKeyId: session.accessKeyId,
    secretAccessKey: secret(session.secretAccessKey),
    sessionToken: secret(session.sessionToken),
  };
}
