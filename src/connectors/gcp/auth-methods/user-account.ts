import { z } from 'zod';

import { ValetkeyError } from '../../../core/errors.ts';
import { defineAuthMethod } from '../../contract.ts';
import { consentedScopes, longNames, scopeAmong, userAccountBase } from '../bases/user-account.ts';
import type { GcpCloud, GcpScope } from '../cloud.ts';
import { parseUserFile, storedField } from '../key-file.ts';
import { mintAccessToken } from '../mint.ts';
import { accountFields, gcpPlace, placeFields, placeOf } from '../place.ts';

const FIELD = 'user_account_json';

const config = z.strictObject({
  ...placeFields,
  ...accountFields,
  scopes: accountFields.scopes.describe(
    'OAuth scopes of the usual token, all of them consented to. Default: all that were, at least gcloud’s own',
  ),
});

/** https://google.aip.dev/auth/4113 */
export default defineAuthMethod<GcpCloud, GcpScope, typeof config>({
  kind: 'user-account',
  title: 'User account',
  description:
    'The login of a person, as gcloud auth application-default login keeps it, is exchanged for access tokens of one hour; the refresh token stays in the store. Tokens can be narrowed to scopes that the person consented to, and to buckets. A person has no identity tokens for audiences of one’s choice: for those, impersonate a service account.',
  yields: 'access-token',
  config,
  secret: z.strictObject({
    [FIELD]: z
      .string()
      .min(1)
      .describe('Login of the person (authorized_user): its JSON, or @path to read it from a file'),
  }),
  // A word that was not consented to would be refused, and a wider one in its place be no narrowing.
  narrows: ({ scopes }, scope) =>
    scope?.scopes === undefined ||
    longNames(scope.scopes).every((one) => consentedScopes(scopes).includes(one)),
  alternatives: 'service-account, or a login that consented to these very scopes, listed in scopes',

  complete(given, secrets) {
    const json = secrets[FIELD];
    if (json === undefined) return {};
    const { account, quotaProject } = parseUserFile(json, placeOf(given));
    return { account_email: account, quota_project: quotaProject };
  },

  async issue(input) {
    const { connector, config: options, cloud, scope } = input;
    const place = gcpPlace(options);
    const user = parseUserFile(storedField(connector.secret, FIELD), place);
    const facts = { consented: options.scopes, principal: options.account_email };
    const within = scope?.scopes ?? consentedScopes(options.scopes);
    // Where the connector lists its scopes, a login that has more is not handed out for all of them.
    const usual = scope === undefined ? options.scopes : undefined;
    const scopes = input.scopes?.map((wanted) => chosen(within, wanted)) ?? usual;
    const base = userAccountBase(cloud.auth, user, facts, place);
    return await mintAccessToken(base, { ...input, scopes });
  },
});

/** What a client chose never becomes more than its grant. */
function chosen(within: readonly string[], wanted: string): string {
  const scope = scopeAmong(within, wanted);
  if (scope !== undefined) return scope;
  throw new ValetkeyError('SCOPE_NOT_GRANTED', {
    reason: 'the person did not consent to it, or the grant has no such scope',
  });
}
