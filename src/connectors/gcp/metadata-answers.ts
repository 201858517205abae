import { z } from 'zod';

import { ValetkeyError, type ErrorCode } from '../../core/errors.ts';
import { OWN_ANSWER_HEADER } from '../../core/own-answer.ts';
import type { MetadataAnswer } from '../outbound/metadata-http.ts';
import { seconds, token } from './answers.ts';

const FROM = 'the metadata server';

/** The metadata server's own flavour, so that a proxy or a captive portal is not believed. */
const FLAVOR = 'Metadata-Flavor';

const CODES: Readonly<Record<number, ErrorCode>> = {
  400: 'UPSTREAM_INVALID',
  403: 'UPSTREAM_DENIED',
  404: 'UPSTREAM_DENIED',
  429: 'UPSTREAM_THROTTLED',
};

/**
 * The text of a good answer. Throws `CONFIG_INVALID` when it is a valetkey daemon that answers: one
 * that asked itself for its own identity would ask for ever.
 */
export function textOf({ status, header, text }: MetadataAnswer): string {
  if (header(OWN_ANSWER_HEADER) !== undefined) {
    throw new ValetkeyError('CONFIG_INVALID', {
      subject: FROM,
      reason: 'it is a valetkey daemon, which has no identity of its own to lend',
      hint: 'start the daemon without GCE_METADATA_HOST, or use another auth method',
    });
  }
  if (header(FLAVOR) !== 'Google') {
    throw new ValetkeyError('UPSTREAM_MALFORMED', {
      subject: FROM,
      reason: 'what answers there is no metadata server of Google’s',
    });
  }
  if (status === 200) return text;
  throw new ValetkeyError(
    CODES[status] ?? (status >= 500 ? 'UPSTREAM_UNAVAILABLE' : 'UPSTREAM_INVALID'),
    {
      subject: FROM,
      reason: `it answered with status ${status}`,
      ...(status === 404 ? { hint: 'attach a service account to the machine' } : {}),
      cause: new Error(text.slice(0, 500)),
    },
  );
}

const Token = z.object({ access_token: token, expires_in: seconds });

/** Throws `UPSTREAM_MALFORMED`, never quoting it. */
export function tokenOf(text: string): z.infer<typeof Token> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // The parser's own words would quote the token.
  }
  const result = Token.safeParse(json);
  if (result.success) return result.data;
  throw new ValetkeyError('UPSTREAM_MALFORMED', { subject: FROM, reason: 'it hands out no token' });
}
