import { z } from 'zod';

import { ValetkeyError } from '../../../core/errors.ts';
import { defineAuthMethod, type IssueInput } from '../../contract.ts';
import { Switch } from '../../fields/switch.ts';
import { externalAccountBase } from '../bases/external-account.ts';
import type { GcpCloud, GcpScope } from '../cloud.ts';
import { isWorkforce, parseExternalAccount } from '../external-account.ts';
import { invalid } from '../json-secret.ts';
import { storedField } from '../key-file.ts';
import { mintAccessToken, mintIdToken } from '../mint.ts';
import { accountFields, gcpPlace, placeFields, placeOf } from '../place.ts';
import { checkProgram } from '../programs.ts';
import { projectOf } from '../project-of.ts';

const FIELD = 'external_account_json';

const config = z.strictObject({
  ...placeFields,
  project_id: accountFields.project_id
    .optional()
    .describe('Id of the project that clients work in. Default: the impersonated account’s own'),
  account_email: accountFields.account_email.describe(
    'E-mail address of the account. Default: the service account that is impersonated',
  ),
  scopes: accountFields.scopes,
  allow_executable: Switch.optional().describe(
    'Run the program that the configuration names, as the daemon’s user, to get the token',
  ),
});

/** https://google.aip.dev/auth/4117 */
export default defineAuthMethod<GcpCloud, GcpScope, typeof config>({
  kind: 'external-account',
  title: 'Workload identity federation',
  description:
    'A token of another provider that Google trusts, from a file, a URL, AWS or a program of the daemon’s machine, is exchanged for a Google token; no Google key is stored. With a service account in the configuration that account is impersonated, for as long as its token_lifetime_seconds says, and can prove itself with identity tokens. A configuration that runs a program needs allow_executable.',
  yields: 'access-token',
  config,
  secret: z.strictObject({
    [FIELD]: z
      .string()
      .min(1)
      .describe('Configuration of the federation: its JSON, or @path to read it from a file'),
  }),
  narrows: () => true,

  complete(given, secrets) {
    const json = secrets[FIELD];
    if (json === undefined) return {};
    const account = parseExternalAccount(json, placeOf(given));
    checkProgram(account, given['allow_executable'] === true);
    const email = account.impersonation?.email;
    const project = projectOf(email);
    if (given['project_id'] === undefined && project === undefined) {
      throw invalid('project_id', 'it is required: the configuration does not tell it');
    }
    return { account_email: email, project_id: project };
  },

  async issue(input) {
    const { account, base } = opened(input);
    const whole = account.impersonation !== undefined || !isWorkforce(account);
    if (input.scope?.boundary !== undefined && !whole) {
      throw new ValetkeyError('SCOPE_UNSUPPORTED', {
        // https://cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token
        reason: 'tokens of a workforce pool cannot be narrowed to buckets',
        hint: 'let the configuration impersonate a service account',
      });
    }
    return await mintAccessToken(base, input);
  },
  issueIdToken: async (input) => await mintIdToken(opened(input).base, input),
});

/** The configuration is checked again: a store's item may have been changed since the registration. */
function opened({
  connector,
  config: options,
  cloud,
  machine,
}: Pick<
  IssueInput<GcpCloud, z.infer<typeof config>, GcpScope>,
  'connector' | 'config' | 'cloud' | 'machine'
>) {
  const account = parseExternalAccount(storedField(connector.secret, FIELD), gcpPlace(options));
  checkProgram(account, options.allow_executable);
  return { account, base: externalAccountBase(cloud.auth, account, machine, options.scopes) };
}
