import { z } from 'zod';

import { defineAuthMethod } from '../../contract.ts';
import { parseAccount, parseRegion } from '../arn.ts';
import type { AwsCloud, AwsScope } from '../cloud.ts';
import { checkedBy } from '../../fields/flat-values.ts';
import { placeFields } from '../place.ts';
import { CHAINED_SECONDS } from '../role-chain.ts';
import { checkRoles, roleFields } from '../role-options.ts';
import { sourceSession } from '../source-session.ts';
import type { Source, SsoSource } from '../source.ts';
import { ssoLogin } from '../sso-login.ts';
import { SSO_ACCOUNT_SCOPE } from '../sso-profile.ts';

const config = z
  .strictObject({
    sso_start_url: z
      .url({
        protocol: /^https$/,
        error: 'a start URL looks like https://d-1234567890.awsapps.com/start',
      })
      .describe('Start URL of the AWS access portal'),
    sso_region: z
      .string()
      .superRefine(checkedBy((text) => parseRegion(text, 'sso_region')))
      .describe('Region of the IAM Identity Center'),
    sso_account_id: z
      .string()
      .superRefine(checkedBy((text) => parseAccount(text, 'sso_account_id')))
      .describe('Account to work in, 12 digits'),
    sso_role_name: z
      .string()
      .regex(/^[\w+=,.@-]{1,32}$/, 'a permission set’s name has 1 to 32 letters, digits and +=,.@-')
      .describe('Name of the permission set'),
    ...placeFields,
    ...roleFields,
    role_arn: roleFields.role_arn
      .optional()
      .describe('ARN of a role to assume from the permission set; its sessions are narrowed'),
  })
  .superRefine(checkRoles);

/** https://docs.aws.amazon.com/singlesignon/latest/userguide/get-set-up-for-idc.html */
export default defineAuthMethod<AwsCloud, AwsScope, typeof config>({
  kind: 'sso',
  title: 'IAM Identity Center',
  description:
    'A person signs in once with a browser (`valetkey connector login`) and clients get the sessions of a permission set, renewed until the sign-in ends, which the administrator decides. Such sessions carry the whole permission set, for as long as it says (one to twelve hours); with role_arn a role is assumed from it and its sessions are narrowed.',
  yields: 'aws-session',
  config,
  secret: z.strictObject({}),
  lifetimeOf: ({ role_arn }) => (role_arn === undefined ? undefined : CHAINED_SECONDS),
  narrows: ({ role_arn }) => role_arn !== undefined,
  alternatives: 'role_arn, a role that the permission set may assume',

  issue: (input) =>
    sourceSession(sourceOf(input.config), {
      ...input,
      login: input.connector.login,
      loginHint: `run: valetkey connector login ${input.connector.name}`,
    }),

  login: ({ config: options, cloud, signal }) => ssoLogin(baseOf(options), cloud, signal),
});

type Options = z.output<typeof config>;

function sourceOf(options: Options): Source {
  return {
    origin: 'IAM Identity Center',
    base: baseOf(options),
    roles: [],
    region: options.region,
    profile: undefined,
    borrowed: false,
  };
}

function baseOf(options: Options): SsoSource {
  return {
    kind: 'sso',
    startUrl: options.sso_start_url,
    region: options.sso_region,
    accountId: options.sso_account_id,
    roleName: options.sso_role_name,
    session: undefined,
    scopes: [SSO_ACCOUNT_SCOPE],
  };
}
