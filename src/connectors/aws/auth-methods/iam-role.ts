import { z } from 'zod';

import { defineAuthMethod } from '../../contract.ts';
import { accessKeyFields, keysOf, sessionTokenField, storedKeys } from '../access-key.ts';
import type { AwsCloud, AwsScope } from '../cloud.ts';
import { loggedIn, mfaFields, mfaLogin } from '../mfa-login.ts';
import { placeFields, stsPlace } from '../place.ts';
import { assumeChain, CHAINED_SECONDS, ROLE_SECONDS } from '../role-chain.ts';
import { checkRoles, hopsOf, roleFields } from '../role-options.ts';
import { sessionPolicy } from '../session-policy.ts';

const config = z
  .strictObject({ ...placeFields, ...roleFields, ...mfaFields })
  .superRefine(checkRoles);

/** https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html */
export default defineAuthMethod<AwsCloud, AwsScope, typeof config>({
  kind: 'iam-role',
  title: 'IAM role',
  description:
    'Stored keys assume a role, or a chain of roles, and clients get the role’s sessions, narrowed to the resource by a session policy. The stored keys need no other permission than sts:AssumeRole. Sessions last one hour unless the role’s maximum session duration allows more; one hour is the most at the end of a chain, with stored temporary keys and after an MFA login.',
  yields: 'aws-session',
  config,
  secret: z.strictObject({
    ...accessKeyFields,
    aws_session_token: sessionTokenField
      .optional()
      .describe('Session token, when the stored keys are temporary themselves'),
  }),
  lifetime: ROLE_SECONDS,
  lifetimeOf: ({ role_chain, mfa_serial }) =>
    (role_chain?.length ?? 0) > 0 || mfa_serial !== undefined ? CHAINED_SECONDS : ROLE_SECONDS,
  narrows: () => true,

  async issue({ connector, config: options, scope, seconds, cloud, machine, signal }) {
    const policy = sessionPolicy(scope, options);
    const keys =
      options.mfa_serial === undefined
        ? storedKeys(connector.secret)
        : keysOf(loggedIn(connector, machine.clock.now()));
    const session = await assumeChain(cloud, keys, hopsOf(options, connector.name), {
      policy,
      seconds,
      place: stsPlace(options),
      signal,
    });
    return { ...session, region: options.region };
  },

  login: async ({ connector, config: options, cloud }) =>
    mfaLogin({
      cloud,
      keys: storedKeys(connector.secret),
      place: stsPlace(options),
      config: options,
    }),
});
