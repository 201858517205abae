import { defineEndpoint, type EndpointContext } from '../contract.ts';
import { failureOf, imdsShape, refusalOf } from './failure.ts';
import { createImds, METADATA_PATH } from './imds.ts';
import { caught, directRoutes } from './routes.ts';
import { imdsVariables } from './variables.ts';

const NO_PROOF = { kind: 'none' } as const;

/**
 * Azure's instance metadata service: tokens of managed identities, and the instance. Who asks is told
 * by the listener and the peer's user alone.
 * https://learn.microsoft.com/azure/virtual-machines/instance-metadata-service
 */
export default defineEndpoint({
  kind: 'azure-imds',
  title: 'Azure instance metadata service',
  spec: 'https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token',
  address: '169.254.169.254',
  paths: [METADATA_PATH],
  anyCase: true,
  hosts: ['169.254.169.254', 'localhost'],
  refuse: (status, reason) => imdsShape(refusalOf(status, reason, 'GET')),
  errorBody: (error) => imdsShape(failureOf(error)),
  variables: imdsVariables,
  routes(context: EndpointContext) {
    const imds = createImds(context);
    return directRoutes(
      caught(context, imdsShape, (request) =>
        imds(request, request.target, () => context.identify(request.connection, NO_PROOF)),
      ),
    );
  },
});
