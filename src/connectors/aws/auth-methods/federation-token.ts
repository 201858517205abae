import { z } from 'zod';

import { ValetkeyError } from '../../../core/errors.ts';
import { defineAuthMethod } from '../../contract.ts';
import { accessKeyFields, storedKeys } from '../access-key.ts';
import type { AwsCloud, AwsScope } from '../cloud.ts';
import { checkPlace, placeFields, stsPlace } from '../place.ts';
import {
  checkPolicySize,
  sessionNameOf,
  sessionPolicyFields,
  sessionTagField,
  tagsOf,
} from '../role-options.ts';
import { sessionPolicy } from '../session-policy.ts';

const FEDERATED_NAME_MAX = 32;

const config = z
  .strictObject({ ...placeFields, ...sessionTagField, ...sessionPolicyFields })
  .superRefine(checkPlace)
  .superRefine(checkPolicySize);

/** https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html */
export default defineAuthMethod<AwsCloud, AwsScope, typeof config>({
  kind: 'federation-token',
  title: 'Federation token',
  description:
    'An IAM user’s stored keys are exchanged for the session of a federated user, who may do what both the user’s permissions and the session policy allow: the policy of the resource asked for, or the connector’s own. The user needs sts:GetFederationToken. AWS lets such a session call no IAM action, and of STS only GetCallerIdentity.',
  yields: 'aws-session',
  config,
  secret: z.strictObject(accessKeyFields),
  lifetime: { min: 900, default: 43_200, max: 129_600 },
  narrows: () => true,

  async issue({ connector, config: options, scope, seconds, cloud, signal }) {
    const policy = sessionPolicy(scope, options);
    if (policy === undefined) {
      throw new ValetkeyError('INPUT_INVALID', {
        subject: 'policy',
        reason: 'without a session policy AWS gives a federated user no permissions at all',
        hint: 'set policy or policy_arns, or ask for a resource type that brings a policy, such as s3-bucket',
      });
    }
    const session = await cloud.sts.getFederationToken(
      storedKeys(connector.secret),
      {
        name: sessionNameOf(connector.name, FEDERATED_NAME_MAX),
        seconds,
        policy,
        tags: tagsOf(options.session_tags),
      },
      stsPlace(options),
      signal,
    );
    return { ...session, region: options.region };
  },
});
