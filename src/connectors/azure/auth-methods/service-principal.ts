import { z } from 'zod';

import { defineAuthMethod } from '../../contract.ts';
import type { AzureCloud, AzureScope } from '../cloud.ts';
import { askOf, credentialOf, storedField } from '../mint.ts';
import { appFields, azurePlace, checkTenant, identityFields, placeFields } from '../place.ts';

const config = z
  .strictObject({ ...appFields, ...placeFields, ...identityFields })
  .superRefine(checkTenant);

/** https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow#first-case-access-token-request-with-a-shared-secret */
export default defineAuthMethod<AzureCloud, AzureScope, typeof config>({
  kind: 'service-principal',
  title: 'Service principal with a secret',
  description:
    'An application’s client secret is exchanged for tokens of about one hour, each for one audience. The secret itself stays in the store. With for_tenant the tokens are for another directory, in which the application is known too.',
  yields: 'access-token',
  config,
  secret: z.strictObject({
    client_secret: z
      .string()
      .min(1)
      .max(4096)
      .describe('Client secret of the application: its value, not its id'),
  }),
  narrows: () => true,

  async issue(input) {
    const { connector, config: options, cloud, signal } = input;
    const { tenant_id: tenantId, client_id: clientId } = options;
    const app = { tenantId, clientId, secret: storedField(connector.secret, 'client_secret') };
    const ask = askOf(input);
    const issued = await cloud.entra.clientSecret(app, ask, azurePlace(options), signal);
    return credentialOf(issued, ask, input);
  },
});
