import { z } from 'zod';

import { ValetkeyError } from '../../../core/errors.ts';
import { defineAuthMethod } from '../../contract.ts';
import { checkTokenSource, readIdentityToken, tokenFields } from '../../outbound/identity-token.ts';
import { keysOf } from '../access-key.ts';
import type { AwsCloud, AwsScope } from '../cloud.ts';
import { placeFields, stsPlace } from '../place.ts';
import { assumeChain, CHAINED_SECONDS, ROLE_SECONDS } from '../role-chain.ts';
import { checkRoles, hopsOf, roleFields, sessionPolicyFields } from '../role-options.ts';
import { sessionPolicy } from '../session-policy.ts';

// External id, tags and source identity are not parameters of this action: the token brings its own.
const config = z
  .strictObject({
    ...placeFields,
    role_arn: roleFields.role_arn,
    ...tokenFields,
    role_chain: roleFields.role_chain,
    role_session_name: roleFields.role_session_name,
    ...sessionPolicyFields,
  })
  .superRefine(checkRoles)
  .superRefine(checkTokenSource);

/** https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html */
export default defineAuthMethod<AwsCloud, AwsScope, typeof config>({
  kind: 'web-identity',
  title: 'Web identity (OpenID Connect)',
  description:
    'A token of an OpenID Connect provider that AWS trusts assumes a role; no AWS key is stored. The token comes from a file, such as a Kubernetes service account’s, or from a URL, such as that of a GitHub Actions job, and is read anew each time. Further roles can be assumed from the first. Sessions last one hour unless the role’s maximum session duration allows more; one hour is the most at the end of a chain.',
  yields: 'aws-session',
  config,
  secret: z.strictObject({
    token_bearer: z
      .string()
      .min(1)
      .optional()
      .describe('Bearer token for token_url, where it is not in a variable or a file'),
  }),
  lifetime: ROLE_SECONDS,
  lifetimeOf: ({ role_chain }) => ((role_chain?.length ?? 0) > 0 ? CHAINED_SECONDS : ROLE_SECONDS),
  narrows: () => true,

  async issue({ connector, config: options, scope, seconds, cloud, machine, signal }) {
    const policy = sessionPolicy(scope, options);
    const place = stsPlace(options);
    const [first, ...rest] = hopsOf(options, connector.name);
    if (first === undefined) throw new ValetkeyError('INTERNAL', { reason: 'no role to assume' });
    const token = await readIdentityToken(options, {
      stored: connector.secret,
      machine,
      caVariables: ['AWS_CA_BUNDLE'],
      signal,
    });
    const chained = rest.length > 0;
    const session = await cloud.sts.assumeRoleWithWebIdentity(
      {
        ...first,
        token,
        seconds: chained ? CHAINED_SECONDS.min : seconds,
        policy: chained ? undefined : policy,
      },
      place,
      signal,
    );
    if (!chained) return { ...session, region: options.region };
    const last = await assumeChain(cloud, keysOf(session), rest, {
      policy,
      seconds,
      place,
      signal,
    });
    return { ...last, region: options.region };
  },
});
