import { defineConnectorType } from '../contract.ts';
import { accountFrom } from './account.ts';
import externalAccount from './auth-methods/external-account.ts';
import implicit from './auth-methods/implicit.ts';
import impersonation from './auth-methods/impersonation.ts';
import oauth2Token from './auth-methods/oauth2-token.ts';
import serviceAccount from './auth-methods/service-account.ts';
import userAccount from './auth-methods/user-account.ts';
import { autoConfigure } from './auto-configure.ts';
import type { GcpCloud, GcpScope } from './cloud.ts';
import { createGoogleAuth } from './google-auth.ts';
import gcpGeneric from './resource-types/gcp-generic.ts';
import gcsBucket from './resource-types/gcs-bucket.ts';
import { mergeScopes, scopeAsSent } from './scope.ts';
import { createStorage } from './storage.ts';

const resourceTypes = {
  'gcp-generic': gcpGeneric,
  'gcs-bucket': gcsBucket,
};

/** https://cloud.google.com/docs/authentication/token-types */
export default defineConnectorType<GcpCloud, GcpScope>({
  kind: 'gcp',
  title: 'Google Cloud',
  description:
    'Short-lived OAuth access tokens and identity tokens from keys, logins of people, federated identities and impersonation, narrowed to OAuth scopes or, by a Credential Access Boundary, to buckets.',
  connect: (machine) => ({
    auth: createGoogleAuth(machine),
    storage: createStorage(machine),
  }),
  authMethods: {
    'service-account': serviceAccount,
    'user-account': userAccount,
    'external-account': externalAccount,
    impersonation,
    'oauth2-token': oauth2Token,
    implicit,
  },
  resourceTypes,
  merge: mergeScopes,
  asSent: scopeAsSent,
  account: accountFrom(resourceTypes),
  autoConfigure,
});
