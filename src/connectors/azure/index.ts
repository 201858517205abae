import { defineConnectorType } from '../contract.ts';
import accessToken from './auth-methods/access-token.ts';
import clientCertificate from './auth-methods/client-certificate.ts';
import federatedToken from './auth-methods/federated-token.ts';
import implicit from './auth-methods/implicit.ts';
import managedIdentity from './auth-methods/managed-identity.ts';
import servicePrincipal from './auth-methods/service-principal.ts';
import userAccount from './auth-methods/user-account.ts';
import { createArm } from './arm.ts';
import { autoConfigure } from './auto-configure.ts';
import { createBlobs } from './blobs.ts';
import type { AzureCloud, AzureScope } from './cloud.ts';
import { createEntra } from './entra.ts';
import { identityFrom } from './identity.ts';
import azureGeneric from './resource-types/azure-generic.ts';
import blobContainer from './resource-types/blob-container.ts';
import { sas } from './sas-issue.ts';
import { mergeScopes, scopeAsSent } from './scope.ts';

const resourceTypes = {
  'azure-generic': azureGeneric,
  'blob-container': blobContainer,
};

/** https://learn.microsoft.com/entra/identity-platform/access-tokens */
export default defineConnectorType<AzureCloud, AzureScope>({
  kind: 'azure',
  title: 'Microsoft Azure',
  description:
    'Short-lived Entra access tokens, each for one audience, from service principals with a secret, a certificate or a federated token, from logins of people and from managed identities.',
  connect: (machine) => ({
    entra: createEntra(machine),
    arm: createArm(machine),
    blobs: createBlobs(machine),
  }),
  authMethods: {
    'service-principal': servicePrincipal,
    'client-certificate': clientCertificate,
    'federated-token': federatedToken,
    'user-account': userAccount,
    'managed-identity': managedIdentity,
    'access-token': accessToken,
    implicit,
  },
  resourceTypes,
  merge: mergeScopes,
  asSent: scopeAsSent,
  account: identityFrom(resourceTypes),
  autoConfigure,
  sas,
});
