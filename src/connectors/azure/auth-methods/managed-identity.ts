import { z } from 'zod';

import { defineAuthMethod } from '../../contract.ts';
import type { AzureCloud, AzureScope } from '../cloud.ts';
import { audienceOf } from '../environments.ts';
import { checkImplicitAllowed, checkImplicitIdentity } from '../implicit-policy.ts';
import { askOf, credentialOf } from '../mint.ts';
import { appFields, identityFields, placeFields } from '../place.ts';

const config = z.strictObject({
  client_id: appFields.client_id
    .optional()
    .describe('Client id of a user-assigned identity. Default: the machine’s usual one'),
  tenant_id: appFields.tenant_id.optional().describe('Id of the directory, as clients are told it'),
  ...placeFields,
  ...identityFields,
});

/** https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/overview */
export default defineAuthMethod<AzureCloud, AzureScope, typeof config>({
  kind: 'managed-identity',
  title: 'Managed identity of the daemon’s machine',
  description:
    'Where the daemon itself runs in Azure, on a virtual machine, App Service or Container Apps, tokens of the machine’s managed identity are handed on, each for one audience. Off unless policy.implicit.allow lists the client or object id that it yields.',
  yields: 'access-token',
  config,
  secret: z.strictObject({}),
  narrows: () => true,
  implicit: true,

  async issue(input) {
    const { config: options, cloud, machine, signal } = input;
    checkImplicitAllowed(machine.implicit);
    const ask = askOf(input);
    const audience = audienceOf(ask.scope);
    const issued = await cloud.entra.managedIdentity(selectorOf(options), audience, signal);
    checkImplicitIdentity(machine.implicit, issued, options);
    return credentialOf(issued, ask, input);
  },
});

/** The service takes one selector alone. */
function selectorOf({
  client_id: clientId,
  object_id: objectId,
  identity_resource_id: resourceId,
}: z.output<typeof config>) {
  if (clientId !== undefined) return { clientId };
  if (objectId !== undefined) return { objectId };
  return resourceId === undefined ? {} : { resourceId };
}
