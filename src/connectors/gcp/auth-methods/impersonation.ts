import { z } from 'zod';

import { defineAuthMethod, type IssueInput } from '../../contract.ts';
import { listOf } from '../../fields/flat-values.ts';
import { Switch } from '../../fields/switch.ts';
import { impersonatedBase } from '../bases/impersonation.ts';
import type { Base, GcpCloud, GcpScope } from '../cloud.ts';
import { checkImplicitAccount } from '../implicit-policy.ts';
import { mintAccessToken, mintIdToken } from '../mint.ts';
import { accountFields, email, gcpPlace, GOOGLE_UNIVERSE, placeFields, placeOf } from '../place.ts';
import { projectOf } from '../project-of.ts';
import { checkSource, sourceBase, sourceSecrets } from '../source-identity.ts';

const config = z
  .strictObject({
    ...placeFields,
    project_id: accountFields.project_id
      .optional()
      .describe('Id of the project that clients work in. Default: the target account’s own'),
    scopes: accountFields.scopes,
    target_principal: email.describe('E-mail address of the service account to become'),
    delegates: listOf(email)
      .optional()
      .describe('E-mails of accounts in between, in order: each may impersonate the next'),
    subject: email
      .optional()
      .describe('E-mail of a Workspace user to speak for, by domain-wide delegation'),
    source: z
      .literal('implicit')
      .optional()
      .describe('implicit: the daemon’s own identity impersonates, instead of a stored secret'),
    allow_executable: Switch.optional().describe(
      'Run the program that external_account_json names, as the daemon’s user',
    ),
  })
  .superRefine(({ subject, universe_domain }, ctx) => {
    if (subject === undefined || universe_domain === GOOGLE_UNIVERSE) return;
    const message = `domain-wide delegation works in ${GOOGLE_UNIVERSE} alone`;
    ctx.addIssue({ code: 'custom', path: ['subject'], message });
  });

/** Seconds. More than an hour needs an organisation policy, which Google judges. */
const LIFETIME = { min: 600, default: 3600, max: 43_200 };
/** The token endpoint's own, which nobody can choose. */
const SUBJECT_LIFETIME = { min: 3600, default: 3600, max: 3600 };

/** https://cloud.google.com/iam/docs/service-account-impersonation */
export default defineAuthMethod<GcpCloud, GcpScope, typeof config>({
  kind: 'impersonation',
  title: 'Service account impersonation',
  description:
    'Another identity acts as a service account: a key, a person’s login, a federation, a stored token, or with source=implicit the daemon’s own, for which policy.implicit.allow must list the e-mail that is yielded. It needs the role Service Account Token Creator on the target, or on the first of the delegates. Tokens live for one hour, up to 12 where the organisation allows it, and can be narrowed to OAuth scopes and to buckets.',
  yields: 'access-token',
  config,
  secret: z.strictObject(sourceSecrets),
  lifetime: LIFETIME,
  lifetimeOf: ({ subject }) => (subject === undefined ? LIFETIME : SUBJECT_LIFETIME),
  narrows: () => true,

  complete(given, secrets) {
    checkSource(given, secrets, placeOf(given));
    const target = given['target_principal'];
    return { project_id: projectOf(typeof target === 'string' ? target : undefined) };
  },

  issue: async (input) => await mintAccessToken(await baseOf(input), input),
  issueIdToken: async (input) => await mintIdToken(await baseOf(input), input),
});

async function baseOf(
  input: Pick<
    IssueInput<GcpCloud, z.infer<typeof config>, GcpScope>,
    'connector' | 'config' | 'cloud' | 'machine' | 'signal' | 'seconds'
  >,
): Promise<Base> {
  const { config: options, cloud, machine, seconds } = input;
  const { target_principal: target, delegates, subject, scopes: usual } = options;
  if (options.source === 'implicit') checkImplicitAccount(machine.implicit, subject ?? target);
  const place = gcpPlace(options);
  const source = await sourceBase({ ...input, place });
  const ask = { target, delegates, subject, seconds, usual };
  return impersonatedBase(cloud.auth, source, ask, place);
}
