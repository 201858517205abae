import { defineConnectorType } from '../contract.ts';
import federationToken from './auth-methods/federation-token.ts';
import iamRole from './auth-methods/iam-role.ts';
import implicit from './auth-methods/implicit.ts';
import profile from './auth-methods/profile.ts';
import secretKey from './auth-methods/secret-key.ts';
import sessionToken from './auth-methods/session-token.ts';
import sso from './auth-methods/sso.ts';
import stsToken from './auth-methods/sts-token.ts';
import webIdentity from './auth-methods/web-identity.ts';
import { autoConfigure } from './auto-configure.ts';
import type { AwsCloud, AwsScope } from './cloud.ts';
import awsGeneric from './resource-types/aws-generic.ts';
import s3Bucket from './resource-types/s3-bucket.ts';
import { createS3 } from './s3.ts';
import { mergeScopes } from './scope.ts';
import { policyAsSent } from './session-policy.ts';
import { createSso } from './sso.ts';
import { createSts } from './sts.ts';

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp.html */
export default defineConnectorType<AwsCloud, AwsScope>({
  kind: 'aws',
  title: 'Amazon Web Services',
  description:
    'Short-lived AWS credentials from keys, roles, web identities, profiles and IAM Identity Center logins, narrowed to a resource by a session policy where the method can.',
  connect: (machine) => ({
    sts: createSts(machine),
    s3: createS3(machine),
    sso: createSso(machine),
  }),
  authMethods: {
    'iam-role': iamRole,
    profile,
    sso,
    'session-token': sessionToken,
    'federation-token': federationToken,
    'web-identity': webIdentity,
    'sts-token': stsToken,
    'secret-key': secretKey,
    implicit,
  },
  resourceTypes: {
    'aws-generic': awsGeneric,
    's3-bucket': s3Bucket,
  },
  merge: mergeScopes,
  asSent: policyAsSent,
  autoConfigure,
});
