import { z } from 'zod';

import { ValetkeyError } from '../../core/errors.ts';
import type { Machine } from '../contract.ts';
import { ProgramError, runProgram } from '../outbound/program.ts';
import { withoutSecrets } from '../outbound/vendor-text.ts';
import { checked, token, tokenOf } from './answers.ts';
import { readClaims } from './claims.ts';
import type { EntraToken } from './cloud.ts';

/** Python takes its time. */
const TIMEOUT_MS = 30_000;
const MAX_OUTPUT_BYTES = 65_536;

const HINT = 'log in as the daemon’s user with: az login';

/** `expiresOn` is a local time without a zone; `expires_on` came with version 2.54. */
const Output = z.object({
  accessToken: token,
  /** Seconds since the epoch. */
  expires_on: z.coerce.number().positive().max(8.64e12).optional(),
});

/**
 * A token of the Azure CLI's login, whose cache is its own affair. Throws `SECRET_MISSING` when there is
 * no such program, `LOGIN_REQUIRED` when nobody is logged in.
 * https://learn.microsoft.com/cli/azure/account#az-account-get-access-token
 */
export async function azureCliToken(
  audience: string,
  { env, clock }: Machine,
  signal: AbortSignal,
): Promise<EntraToken> {
  const words = ['account', 'get-access-token', '--output', 'json', '--resource', audience];
  const options = { env, clock, timeoutMs: TIMEOUT_MS, maxOutputBytes: MAX_OUTPUT_BYTES, signal };
  const output = await runProgram(['az', ...words], options).catch((error: unknown) => {
    throw error instanceof ProgramError ? failed(error) : error;
  });
  const found = checked(Output, output);
  const now = clock.now();
  const ends = found.expires_on ?? readClaims(found.accessToken).expires;
  if (ends === undefined) {
    throw new ValetkeyError('UPSTREAM_MALFORMED', { reason: 'az does not say until when' });
  }
  const left = ends - now / 1000;
  if (left <= 0) throw new ValetkeyError('CREDENTIAL_EXPIRED', { hint: HINT });
  return tokenOf({ access_token: found.accessToken, expires_in: left }, now);
}

function failed({ why, said }: ProgramError): ValetkeyError {
  switch (why) {
    case 'not-started':
      return new ValetkeyError('SECRET_MISSING', {
        reason: 'the daemon has no Azure identity of its own',
        hint: 'give it AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, a managed identity or the login of az, or use another auth method',
      });
    case 'status': {
      const text = typeof said === 'string' ? withoutSecrets(said, []) : '';
      const aadsts = /\bAADSTS\d{4,8}\b/.exec(text)?.[0];
      return new ValetkeyError('LOGIN_REQUIRED', {
        reason: 'az gave no token',
        hint: HINT,
        ...(aadsts === undefined ? {} : { upstreamCode: aadsts }),
        cause: new Error(text),
      });
    }
    case 'too-much':
      return new ValetkeyError('UPSTREAM_MALFORMED', { reason: 'az prints too much' });
    case 'too-late':
      return new ValetkeyError('UPSTREAM_UNAVAILABLE', { reason: 'az does not end' });
  }
}
