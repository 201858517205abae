import { z } from 'zod';

import { ValetkeyError } from '../../../core/errors.ts';
import { defineAuthMethod } from '../../contract.ts';
import { ambientSource } from '../ambient.ts';
import { asIsField } from '../as-is.ts';
import type { AwsCloud, AwsScope } from '../cloud.ts';
import { checkImplicitSession, checkImplicitSource } from '../implicit-policy.ts';
import { foundPlaceFields } from '../place.ts';
import { profileSource } from '../profile-source.ts';
import { CHAINED_SECONDS, ROLE_SECONDS } from '../role-chain.ts';
import { checkRoles, roleFields } from '../role-options.ts';
import { readSharedConfig, type Env } from '../shared-config.ts';
import { sourceSession } from '../source-session.ts';
import type { Source } from '../source.ts';

const config = z
  .strictObject({
    profile_name: z
      .string()
      .min(1)
      .max(256)
      .optional()
      .describe(
        'Profile of the daemon’s AWS configuration. Default: what its own variables choose',
      ),
    ...asIsField,
    ...foundPlaceFields,
    ...roleFields,
    role_arn: roleFields.role_arn
      .optional()
      .describe('ARN of a role to assume from the daemon’s own identity'),
  })
  .superRefine(checkRoles);

/** https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html */
export default defineAuthMethod<AwsCloud, AwsScope, typeof config>({
  kind: 'implicit',
  title: 'The daemon’s own identity',
  description:
    'What the default chain of AWS’s tools finds where the daemon runs: variables, profile, web identity, SSO, container or instance role. Off unless policy.implicit.allow lists the account or role that it yields. An IAM user’s keys are exchanged for a session, never handed on. Narrowed through role_arn, by a role or web identity that the chain itself ends in, or for a user’s keys with GetFederationToken.',
  yields: 'aws-session',
  config,
  secret: z.strictObject({}),
  lifetime: ROLE_SECONDS,
  lifetimeOf: ({ role_chain }) => ((role_chain?.length ?? 0) > 0 ? CHAINED_SECONDS : ROLE_SECONDS),
  narrows: ({ as_is }) => as_is !== true,
  alternatives: 'role_arn instead of as_is, a role that the daemon may assume',
  implicit: true,

  async issue(input) {
    const { config: options, machine } = input;
    const source = await sourceOf(options.profile_name, machine.env);
    checkImplicitSource(machine.implicit, source, options);
    const session = await sourceSession(source, {
      ...input,
      login: undefined,
      loginHint: 'sign in on the daemon’s machine, for example with: aws sso login',
    });
    checkImplicitSession(machine.implicit, session);
    return session;
  },
});

async function sourceOf(profile: string | undefined, env: Env): Promise<Source> {
  const files = await readSharedConfig(env);
  const source =
    profile === undefined ? ambientSource(env, files) : profileSource(profile, { env, files });
  if (source !== undefined) return source;
  throw new ValetkeyError('SECRET_MISSING', {
    reason: 'the daemon has no AWS identity of its own',
    hint: 'give it a role, a profile or variables, or use another auth method',
  });
}
