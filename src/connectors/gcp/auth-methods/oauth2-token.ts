import { z } from 'zod';

import { defineAuthMethod } from '../../contract.ts';
import { oauth2TokenBase } from '../bases/oauth2-token.ts';
import type { GcpCloud, GcpScope } from '../cloud.ts';
import { storedField } from '../key-file.ts';
import { mintAccessToken } from '../mint.ts';
import { accountFields, placeFields } from '../place.ts';

const config = z.strictObject({
  ...placeFields,
  project_id: accountFields.project_id,
  account_email: accountFields.account_email,
  scopes: accountFields.scopes.describe(
    'OAuth scopes the token has. Default: cloud-platform and userinfo.email',
  ),
});

/** https://cloud.google.com/docs/authentication/token-types#access */
export default defineAuthMethod<GcpCloud, GcpScope, typeof config>({
  kind: 'oauth2-token',
  title: 'Stored access token',
  description:
    'An access token that was obtained elsewhere, such as by gcloud auth print-access-token, is stored and handed on until it expires; then a fresh one must be stored. It can be narrowed to buckets, not to OAuth scopes. Good for trying something out.',
  yields: 'access-token',
  config,
  secret: z.strictObject({
    token: z
      .string()
      .regex(/^[\x21-\x7e]+$/, 'this is no access token')
      .describe('Access token that Google issued'),
  }),
  narrows: (_config, scope) => scope?.scopes === undefined,
  alternatives: 'service-account or user-account, which ask for a token with fewer scopes',
  needsExpiry: true,

  async issue(input) {
    const { connector, config: options, machine } = input;
    const base = oauth2TokenBase(
      storedField(connector.secret, 'token'),
      {
        expiresAt: connector.expiresAt,
        scopes: options.scopes,
        principal: options.account_email,
        name: connector.name,
      },
      () => machine.clock.now(),
    );
    return await mintAccessToken(base, input);
  },
});
