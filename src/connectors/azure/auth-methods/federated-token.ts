import { z } from 'zod';

import { defineAuthMethod } from '../../contract.ts';
import { checkTokenSource, readIdentityToken, tokenFields } from '../../outbound/identity-token.ts';
import type { AzureCloud, AzureScope } from '../cloud.ts';
import { askOf, credentialOf } from '../mint.ts';
import { appFields, azurePlace, checkTenant, identityFields, placeFields } from '../place.ts';
import { CA_VARIABLES } from '../transport.ts';

const config = z
  .strictObject({ ...appFields, ...tokenFields, ...placeFields, ...identityFields })
  .superRefine(checkTenant)
  .superRefine(checkTokenSource);

/** https://learn.microsoft.com/entra/workload-id/workload-identity-federation */
export default defineAuthMethod<AzureCloud, AzureScope, typeof config>({
  kind: 'federated-token',
  title: 'Service principal with a federated token',
  description:
    'A token of another issuer that the application trusts stands in place of a secret; nothing of Azure’s is stored. It comes from a file, such as a Kubernetes service account’s, or from a URL, such as that of a GitHub Actions job, and is read anew each time. Entra expects it to be for api://AzureADTokenExchange.',
  yields: 'access-token',
  config,
  secret: z.strictObject({
    token_bearer: z
      .string()
      .min(1)
      .optional()
      .describe('Bearer token for token_url, where it is not in a variable or a file'),
  }),
  narrows: () => true,

  async issue(input) {
    const { connector, config: options, cloud, machine, signal } = input;
    signal.throwIfAborted();
    const ask = askOf(input);
    const source = { stored: connector.secret, machine, caVariables: CA_VARIABLES, signal };
    const assertion = await readIdentityToken(options, source);
    const { tenant_id: tenantId, client_id: clientId } = options;
    const app = { tenantId, clientId, assertion };
    const issued = await cloud.entra.clientAssertion(app, ask, azurePlace(options), signal);
    return credentialOf(issued, ask, input);
  },
});
