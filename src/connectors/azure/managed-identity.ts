import { z } from 'zod';

import { ValetkeyError, type ErrorCode } from '../../core/errors.ts';
import { OWN_ANSWER_HEADER } from '../../core/own-answer.ts';
import type { Machine } from '../contract.ts';
import { askMetadata, type MetadataAnswer } from '../outbound/metadata-http.ts';
import { withoutSecrets } from '../outbound/vendor-text.ts';
import { checked, seconds, token, tokenOf } from './answers.ts';
import { answerChallenge, arcTokens } from './arc-challenge.ts';
import type { Entra } from './cloud.ts';
import { saidBy } from './entra-errors.ts';
import { identitySource } from './identity-source.ts';

const FROM = 'the managed identity endpoint';
const PROBE_MS = 3_000;
/** A cold token takes the real service some seconds. */
const TOKEN_MS = 10_000;

const Token = z.object({
  access_token: token,
  expires_in: seconds.optional(),
  /** Seconds since the epoch. */
  expires_on: z.coerce.number().positive().max(8.64e12).optional(),
});

/**
 * Tokens of the identity of the machine that the daemon runs on: App Service and Azure Arc by
 * `IDENTITY_ENDPOINT`, else the instance metadata service. By the machine's variables alone: Microsoft's library would read
 * the process's, and could not tell our own endpoint from the real one. Throws `UPSTREAM_*`, and
 * `CONFIG_INVALID` when it is a valetkey daemon that answers.
 * https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token
 */
export function createManagedIdentity(
  { env, clock }: Machine,
  keyDirectory = arcTokens(env, process.platform),
): Entra['managedIdentity'] {
  return async (selector, resource, signal) => {
    signal.throwIfAborted();
    const { url, headers, apiVersion, names, challenges } = identitySource(env);
    // Without the header, so that nobody answers with a token: a daemon that has found itself must see
    // that before it waits for an answer of its own.
    const probe = await askMetadata({ url: url.href, timeout: PROBE_MS, clock, signal });
    refuseOurselves(probe);
    const asked = new URL(url);
    asked.searchParams.set('api-version', apiVersion);
    asked.searchParams.set('resource', resource);
    for (const key of ['clientId', 'objectId', 'resourceId'] as const) {
      const value = selector[key];
      if (value !== undefined) asked.searchParams.set(names[key], value);
    }
    const request = { url: asked.href, headers, timeout: TOKEN_MS, clock, signal };
    const askedAt = clock.now();
    let answer = await askMetadata(request);
    refuseOurselves(answer);
    if (challenges && answer.status === 401) {
      const challenge = answer.header('www-authenticate');
      const authorization = await answerChallenge(challenge, keyDirectory, signal);
      answer = await askMetadata({ ...request, headers: { ...headers, authorization } });
    }
    if (answer.status !== 200) throw refused(answer);
    const found = checked(Token, answer.text);
    const lasts = found.expires_in ?? (found.expires_on ?? 0) - askedAt / 1000;
    if (lasts <= 0) throw new ValetkeyError('UPSTREAM_MALFORMED', { subject: FROM });
    return tokenOf({ access_token: found.access_token, expires_in: lasts }, askedAt);
  };
}

function refuseOurselves({ header }: MetadataAnswer): void {
  if (header(OWN_ANSWER_HEADER) === undefined) return;
  throw new ValetkeyError('CONFIG_INVALID', {
    subject: FROM,
    reason: 'it is a valetkey daemon, which has no identity of its own to lend',
    hint: 'start the daemon without IDENTITY_ENDPOINT and AZURE_POD_IDENTITY_AUTHORITY_HOST, or use another auth method',
  });
}

const CODES: Readonly<Record<number, ErrorCode>> = {
  400: 'UPSTREAM_INVALID',
  401: 'UPSTREAM_DENIED',
  403: 'UPSTREAM_DENIED',
  // While the service is being updated, by Microsoft's retry guidance.
  404: 'UPSTREAM_UNAVAILABLE',
  410: 'UPSTREAM_UNAVAILABLE',
  429: 'UPSTREAM_THROTTLED',
};

function refused({ status, text }: MetadataAnswer): ValetkeyError {
  const said = saidBy(text);
  const upstreamCode = said?.aadsts === undefined ? said?.error : `AADSTS${said.aadsts}`;
  return new ValetkeyError(
    CODES[status] ?? (status >= 500 ? 'UPSTREAM_UNAVAILABLE' : 'UPSTREAM_MALFORMED'),
    {
      subject: FROM,
      reason: `it answered with status ${status}`,
      ...(status === 400
        ? { hint: 'assign the identity to the machine, and check its id and the audience' }
        : {}),
      ...(upstreamCode === undefined ? {} : { upstreamCode }),
      cause: new Error(withoutSecrets(text, [])),
    },
  );
}
