import { z } from 'zod';

import { defineAuthMethod } from '../../contract.ts';
import { ambientToken } from '../ambient.ts';
import type { AzureCloud, AzureScope } from '../cloud.ts';
import { checkImplicitAllowed, checkImplicitIdentity } from '../implicit-policy.ts';
import { askOf, credentialOf } from '../mint.ts';
import { appFields, azurePlace, identityFields, placeFields } from '../place.ts';

const config = z.strictObject({
  tenant_id: appFields.tenant_id.optional().describe('Id of the directory, as clients are told it'),
  client_id: appFields.client_id
    .optional()
    .describe(
      'Client id of the daemon’s identity, as clients are told it; another identity is refused',
    ),
  ...placeFields,
  ...identityFields,
});

/** https://learn.microsoft.com/azure/developer/javascript/sdk/authentication/credential-chains */
export default defineAuthMethod<AzureCloud, AzureScope, typeof config>({
  kind: 'implicit',
  title: 'The daemon’s own identity',
  description:
    'What Microsoft’s libraries would find where the daemon runs: a service principal or workload identity of its variables, the machine’s managed identity, the login of the Azure CLI. Off unless policy.implicit.allow lists the object id, client id or user name that it yields. Long-lived credentials are exchanged for tokens, never handed on.',
  yields: 'access-token',
  config,
  secret: z.strictObject({}),
  narrows: () => true,
  implicit: true,

  async issue(input) {
    const { config: options, cloud, machine, signal } = input;
    checkImplicitAllowed(machine.implicit);
    signal.throwIfAborted();
    const ask = askOf(input);
    const place = azurePlace(options);
    const issued = await ambientToken(ask, { cloud, machine, place, signal });
    checkImplicitIdentity(machine.implicit, issued, options);
    return credentialOf(issued, ask, input);
  },
});
