import { z } from 'zod';

import type { AuthMethodSpec, Lifetime } from '../contract.ts';
import { accessKeyFields, storedKeys } from './access-key.ts';
import type { AwsCloud, AwsScope } from './cloud.ts';
import { loggedIn, mfaFields, mfaLogin } from './mfa-login.ts';
import { checkPlace, placeFields, stsPlace } from './place.ts';

const SESSION_SECONDS: Lifetime = { min: 900, default: 43_200, max: 129_600 };

const config = z.strictObject({ ...placeFields, ...mfaFields }).superRefine(checkPlace);

/**
 * What `secret-key` and `session-token` share: an IAM user's keys stay here, clients get sessions
 * with the user's permissions. The API takes no policy, so nothing is narrowed.
 * https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
 */
export const userSession = {
  yields: 'aws-session',
  config,
  secret: z.strictObject(accessKeyFields),
  lifetime: SESSION_SECONDS,
  // After an MFA login the session is the one the login obtained.
  lifetimeOf: ({ mfa_serial }) => (mfa_serial === undefined ? SESSION_SECONDS : undefined),
  narrows: () => false,
  alternatives: 'iam-role or federation-token, which narrow credentials to a resource',

  async issue({ connector, config: options, seconds, cloud, machine, signal }) {
    const session =
      options.mfa_serial === undefined
        ? await cloud.sts.getSessionToken(
            storedKeys(connector.secret),
            { seconds },
            stsPlace(options),
            signal,
          )
        : loggedIn(connector, machine.clock.now());
    return { ...session, region: options.region };
  },

  login: async ({ connector, config: options, cloud }) =>
    mfaLogin({
      cloud,
      keys: storedKeys(connector.secret),
      place: stsPlace(options),
      config: options,
    }),
} satisfies Omit<
  AuthMethodSpec<AwsCloud, AwsScope, typeof config>,
  'kind' | 'title' | 'description'
>;
