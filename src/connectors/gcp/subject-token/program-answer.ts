import { z } from 'zod';

import { ValetkeyError } from '../../../core/errors.ts';
import { secret, type Secret } from '../../../core/secret.ts';
import { malformed } from './token-format.ts';

const SAML = 'urn:ietf:params:oauth:token-type:saml2';
const OIDC = ['urn:ietf:params:oauth:token-type:id_token', 'urn:ietf:params:oauth:token-type:jwt'];

const text = z.string().min(1);
/** Seconds since the epoch. */
const expiration_time = z.int().positive().optional();
const Success = z.union([
  z.object({
    success: z.literal(true),
    token_type: z.literal(SAML),
    saml_response: text,
    expiration_time,
  }),
  z.object({
    success: z.literal(true),
    token_type: z.enum(OIDC),
    id_token: text,
    expiration_time,
  }),
]);
const Failure = z.object({ success: z.literal(false), code: text, message: text });

/** What the program said, when it is understood. */
export type ProgramAnswer =
  | { readonly kind: 'token'; readonly token: Secret; readonly expiresAt: number | undefined }
  | { readonly kind: 'failure'; readonly error: ValetkeyError };

/**
 * Version 1 of what an executable source prints or leaves in its file. `expiresAt` is ms since the
 * epoch. Throws `UPSTREAM_MALFORMED`, never quoting it. https://google.aip.dev/auth/4117
 */
export function readProgramAnswer(output: string, tokenType: string, from: string): ProgramAnswer {
  const json = parsed(output);
  const { version } = z.object({ version: z.unknown() }).safeParse(json).data ?? {};
  if (version === undefined) throw malformed(from, 'it is no JSON object with a version');
  if (version !== 1) throw malformed(from, 'its version is not 1');
  const failure = Failure.safeParse(json).data;
  if (failure !== undefined) return { kind: 'failure', error: failed(failure, from) };
  const answer = Success.safeParse(json).data;
  if (answer === undefined) {
    throw malformed(from, 'success, token_type, and the token or the failure do not fit together');
  }
  if ('saml_response' in answer !== (tokenType === SAML)) {
    throw malformed(from, 'its token_type is not the configuration’s subject_token_type');
  }
  const seconds = answer.expiration_time;
  return {
    kind: 'token',
    token: secret('saml_response' in answer ? answer.saml_response : answer.id_token),
    expiresAt: seconds === undefined ? undefined : seconds * 1000,
  };
}

/** The message is the program's own and may quote anything. */
function failed({ code, message }: z.infer<typeof Failure>, from: string): ValetkeyError {
  return new ValetkeyError('UPSTREAM_DENIED', {
    subject: from,
    reason: 'the program says that it has no token',
    upstreamCode: code,
    cause: new Error(`${code}: ${message}`),
  });
}

function parsed(output: string): unknown {
  try {
    return JSON.parse(output);
  } catch {
    return undefined;
  }
}
