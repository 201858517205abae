import { z } from 'zod';

import { defineAuthMethod, type IssueInput } from '../../contract.ts';
import { Switch } from '../../fields/switch.ts';
import { serviceAccountBase, signsHere } from '../bases/service-account.ts';
import type { GcpCloud, GcpScope } from '../cloud.ts';
import { parseKeyFile, storedField } from '../key-file.ts';
import { mintAccessToken, mintIdToken } from '../mint.ts';
import { accountFields, email, gcpPlace, GOOGLE_UNIVERSE, placeFields, placeOf } from '../place.ts';

const FIELD = 'service_account_json';

const config = z
  .strictObject({
    ...placeFields,
    project_id: accountFields.project_id
      .optional()
      .describe('Id of the project that clients work in. Default: the one in the key file'),
    account_email: accountFields.account_email.describe(
      'E-mail address of the service account. Default: the one in the key file',
    ),
    scopes: accountFields.scopes,
    subject: email
      .optional()
      .describe('E-mail of a Workspace user to speak for, by domain-wide delegation'),
    self_signed: Switch.optional().describe(
      'Sign tokens here instead of asking Google; they cannot be narrowed to buckets',
    ),
  })
  .superRefine(({ subject, self_signed, universe_domain }, ctx) => {
    if (subject === undefined) return;
    const message =
      self_signed === true
        ? 'a token that is signed here speaks for the service account alone: remove self_signed'
        : universe_domain === GOOGLE_UNIVERSE
          ? undefined
          : `domain-wide delegation works in ${GOOGLE_UNIVERSE} alone`;
    if (message !== undefined) ctx.addIssue({ code: 'custom', path: ['subject'], message });
  });

/** https://google.aip.dev/auth/4112 */
export default defineAuthMethod<GcpCloud, GcpScope, typeof config>({
  kind: 'service-account',
  title: 'Service account key',
  description:
    'A service account’s key file signs assertions that Google exchanges for access tokens of one hour, and for identity tokens. The file itself stays in the store. Tokens can be narrowed to OAuth scopes and to buckets; with domain-wide delegation they speak for a Workspace user.',
  yields: 'access-token',
  config,
  secret: z.strictObject({
    [FIELD]: z
      .string()
      .min(1)
      .describe('Key file of the service account: its JSON, or @path to read it from a file'),
  }),
  narrows: ({ self_signed, universe_domain }, scope) =>
    scope?.boundary === undefined || !signsHere(self_signed, universe_domain),
  alternatives: 'the same key without self_signed, whose tokens Google issues and narrows',

  complete(given, secrets) {
    const json = secrets[FIELD];
    if (json === undefined) return {};
    const { clientEmail, projectId } = parseKeyFile(json, placeOf(given));
    return { account_email: clientEmail, project_id: projectId };
  },

  issue: async (input) => await mintAccessToken(baseOf(input), input),
  issueIdToken: async (input) => await mintIdToken(baseOf(input), input),
});

/** The file is checked again: a store's item may have been changed since the registration. */
function baseOf({
  connector,
  config: options,
  cloud,
}: Pick<IssueInput<GcpCloud, z.infer<typeof config>, GcpScope>, 'connector' | 'config' | 'cloud'>) {
  const place = gcpPlace(options);
  const key = parseKeyFile(storedField(connector.secret, FIELD), place);
  const { scopes, subject, self_signed: selfSigned } = options;
  return serviceAccountBase(cloud.auth, key, { scopes, subject, selfSigned }, place);
}
