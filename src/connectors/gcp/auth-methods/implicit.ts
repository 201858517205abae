import { z } from 'zod';

import { ValetkeyError } from '../../../core/errors.ts';
import { defineAuthMethod, type IssueInput } from '../../contract.ts';
import { ambientBase } from '../bases/ambient.ts';
import type { Base, GcpCloud, GcpScope } from '../cloud.ts';
import { checkImplicitAccount, checkImplicitAllowed } from '../implicit-policy.ts';
import { mintAccessToken, mintIdToken } from '../mint.ts';
import { accountFields, gcpPlace, placeFields } from '../place.ts';
import { covers } from '../scopes.ts';

const config = z.strictObject({
  ...placeFields,
  project_id: accountFields.project_id,
  account_email: accountFields.account_email.describe(
    'E-mail of the daemon’s identity, as clients are told it; another identity is refused',
  ),
  scopes: accountFields.scopes,
});

/** https://cloud.google.com/docs/authentication/application-default-credentials */
export default defineAuthMethod<GcpCloud, GcpScope, typeof config>({
  kind: 'implicit',
  title: 'The daemon’s own identity',
  description:
    'What Application Default Credentials are where the daemon runs: the file that GOOGLE_APPLICATION_CREDENTIALS names, gcloud’s, or the service account of the machine. Off unless policy.implicit.allow lists the e-mail that it yields. Long-lived credentials are exchanged for tokens, never handed on. A machine’s own tokens can be narrowed to buckets, and to OAuth scopes only where they have no others.',
  yields: 'access-token',
  config,
  secret: z.strictObject({}),
  narrows: () => true,
  implicit: true,

  async issue(input) {
    const base = await baseOf(input);
    const { scope, config: options } = input;
    // A boundary limits the token in another way; its source stays here.
    const limit = scope === undefined ? options.scopes : scope.scopes;
    return await mintAccessToken(within(base, limit), input);
  },
  issueIdToken: async (input) => await mintIdToken(await baseOf(input), input),
});

async function baseOf({
  config: options,
  cloud,
  machine,
  signal,
}: Pick<
  IssueInput<GcpCloud, z.infer<typeof config>, GcpScope>,
  'config' | 'cloud' | 'machine' | 'signal'
>): Promise<Base> {
  checkImplicitAllowed(machine.implicit);
  const place = gcpPlace(options);
  const around = { auth: cloud.auth, machine, place, usual: options.scopes, signal };
  const base = await ambientBase(around);
  checkImplicitAccount(machine.implicit, base.principal);
  const { account_email: said } = options;
  if (said === undefined || said.toLowerCase() === base.principal.toLowerCase()) return base;
  throw new ValetkeyError('IMPLICIT_FORBIDDEN', {
    reason: `the daemon’s identity is ${base.principal}, not the connector’s account_email`,
  });
}

/** Not every source gives what it is asked for: a virtual machine gives all its scopes, a person what was consented to. */
function within(base: Base, limit: readonly string[] | undefined): Base {
  if (limit === undefined) return base;
  return {
    ...base,
    async token(asked, signal) {
      const token = await base.token(asked ?? limit, signal);
      if (token.scopes.every((scope) => covers(limit, scope))) return token;
      throw new ValetkeyError('SCOPE_UNSUPPORTED', {
        reason:
          'the daemon’s identity yields tokens with more scopes than the grant or the connector has',
        hint: 'use impersonation with source=implicit, whose tokens have what they are asked for',
      });
    },
  };
}
