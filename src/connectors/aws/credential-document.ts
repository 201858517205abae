import { z } from 'zod';

import { ValetkeyError } from '../../core/errors.ts';
import { secret } from '../../core/secret.ts';
import type { AwsKeys } from './cloud.ts';
import { instantOf } from './source.ts';

/** Keys and the expiry their issuer states, ms since the epoch; `undefined` = it states none. */
export interface TimedKeys {
  readonly keys: AwsKeys;
  readonly expiresAt: number | undefined;
}

/** What the container endpoint and IMDS answer; more fields may come. */
const EndpointDocument = z.object({
  Code: z.string().optional(),
  AccessKeyId: z.string().min(1),
  SecretAccessKey: z.string().min(1),
  Token: z.string().min(1),
  Expiration: z.string(),
});

/** What a `credential_process` prints. https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html */
const ProcessDocument = z.object({
  Version: z.literal(1),
  AccessKeyId: z.string().min(1),
  SecretAccessKey: z.string().min(1),
  SessionToken: z.string().min(1).nullish(),
  Expiration: z.string().min(1).nullish(),
});

/** `from` names the issuer in errors. Throws `UPSTREAM_*`; never quotes the document. */
export function readEndpointDocument(text: string, from: string, now: number): TimedKeys {
  const json = parsed(text, from);
  const refusal = z.object({ Code: z.string() }).safeParse(json);
  if (refusal.success && refusal.data.Code !== 'Success') {
    // IMDS says with status 200 that the instance's role cannot be assumed.
    throw new ValetkeyError('UPSTREAM_DENIED', { subject: from, upstreamCode: refusal.data.Code });
  }
  const document = checked(EndpointDocument.safeParse(json), from);
  const { AccessKeyId, SecretAccessKey, Token, Expiration } = document;
  return timed({ AccessKeyId, SecretAccessKey, SessionToken: Token, Expiration }, from, now);
}

export function readProcessDocument(text: string, from: string, now: number): TimedKeys {
  return timed(checked(ProcessDocument.safeParse(parsed(text, from)), from), from, now);
}

function timed(
  document: Omit<z.infer<typeof ProcessDocument>, 'Version'>,
  from: string,
  now: number,
): TimedKeys {
  const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = document;
  const expiresAt = Expiration == null ? undefined : instantOf(Expiration);
  if (Expiration != null && expiresAt === undefined) throw malformed(from, 'Expiration');
  if (expiresAt !== undefined && expiresAt <= now) {
    throw new ValetkeyError('CREDENTIAL_EXPIRED', {
      subject: from,
      reason: 'what it hands out has expired already',
    });
  }
  const keys = { accessKeyId: AccessKeyId, secretAccessKey: secret(SecretAccessKey) };
  return {
    keys: SessionToken == null ? keys : { ...keys, sessionToken: secret(SessionToken) },
    expiresAt,
  };
}

function parsed(text: string, from: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's message quotes its input, which may hold a key.
    throw malformed(from, 'it is no JSON');
  }
}

function checked<T>(result: z.ZodSafeParseResult<T>, from: string): T {
  if (result.success) return result.data;
  const fields = result.error.issues.map(({ path }) => path.join('.')).join(', ');
  throw malformed(from, fields === '' ? 'it is no object' : `missing or wrong: ${fields}`);
}

function malformed(from: string, reason: string): ValetkeyError {
  return new ValetkeyError('UPSTREAM_MALFORMED', { subject: from, reason });
}
