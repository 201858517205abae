import { z } from 'zod';

import { defineAuthMethod } from '../../contract.ts';
import { asIsField } from '../as-is.ts';
import type { AwsCloud, AwsScope } from '../cloud.ts';
import { checkImplicitSession, checkImplicitSource } from '../implicit-policy.ts';
import { mfaFields, mfaLogin } from '../mfa-login.ts';
import { foundPlaceFields, stsPlace } from '../place.ts';
import { profileSource } from '../profile-source.ts';
import { CHAINED_SECONDS, ROLE_SECONDS } from '../role-chain.ts';
import { checkRoles, roleFields } from '../role-options.ts';
import { readSharedConfig, type Env } from '../shared-config.ts';
import { needsCode, sourceRegion, sourceSession } from '../source-session.ts';
import type { Source } from '../source.ts';
import { ssoLogin } from '../sso-login.ts';

const ProfileName = z.string().min(1).max(256);

const config = z
  .strictObject({
    profile: ProfileName.optional().describe('Name of the profile. Default: default'),
    profile_name: ProfileName.optional().describe('The same by its other name'),
    ...asIsField,
    ...foundPlaceFields,
    ...roleFields,
    role_arn: roleFields.role_arn
      .optional()
      .describe('ARN of a role to assume from what the profile yields'),
    mfa_session_seconds: mfaFields.mfa_session_seconds,
  })
  .superRefine(checkRoles)
  .superRefine(({ profile, profile_name }, ctx) => {
    if (profile === undefined || profile_name === undefined || profile === profile_name) return;
    ctx.addIssue({ code: 'custom', path: ['profile_name'], message: 'profile says another name' });
  });

/** https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html */
export default defineAuthMethod<AwsCloud, AwsScope, typeof config>({
  kind: 'profile',
  title: 'Profile of the AWS configuration',
  description:
    'A profile of the shared AWS files, read afresh for each issue, so that what changes there counts at once. Nothing is copied into the store. Roles and role chains are assumed here and their sessions narrowed; an IAM user’s keys are exchanged for a session, narrowed ones with GetFederationToken; SSO sessions, credential processes and temporary keys are handed on with their true expiry and can be narrowed only through role_arn. The files and commands are the daemon’s: it must run as the same person.',
  yields: 'aws-session',
  config,
  secret: z.strictObject({}),
  lifetime: ROLE_SECONDS,
  lifetimeOf: ({ role_chain }) => ((role_chain?.length ?? 0) > 0 ? CHAINED_SECONDS : ROLE_SECONDS),
  narrows: ({ as_is }) => as_is !== true,
  alternatives: 'role_arn instead of as_is, a role that the profile may assume',

  async issue(input) {
    const { connector, config: options, machine } = input;
    const source = await sourceOf(options, machine.env);
    // A credential_source is the machine's identity, whoever wrote the profile.
    if (source.borrowed) checkImplicitSource(machine.implicit, source, options);
    const session = await sourceSession(source, {
      ...input,
      login: connector.login,
      loginHint: `run: valetkey connector login ${connector.name}`,
    });
    if (source.borrowed) checkImplicitSession(machine.implicit, session);
    return session;
  },

  async login({ config: options, cloud, machine, signal }) {
    const source = await sourceOf(options, machine.env);
    const { base, roles } = source;
    if (base.kind === 'sso') return await ssoLogin(base, cloud, signal);
    if (base.kind !== 'long-lived-keys' || !needsCode(source)) return undefined;
    const region = sourceRegion(source, options, machine.env);
    const mfa_serial = roles.find(({ mfaSerial }) => mfaSerial !== undefined)?.mfaSerial;
    return mfaLogin({
      cloud,
      keys: base.keys,
      place: stsPlace({ ...options, region }),
      config: { mfa_serial, mfa_session_seconds: options.mfa_session_seconds },
    });
  },
});

async function sourceOf(options: z.output<typeof config>, env: Env): Promise<Source> {
  const name = options.profile ?? options.profile_name ?? 'default';
  return profileSource(name, { env, files: await readSharedConfig(env) });
}
