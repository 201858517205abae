import { randomBytes } from 'node:crypto';
import type { AzureStandIn } from '../server.ts';
import { startServing } from '../serving.ts';
import type { Serving, ServingOptions } from '../serving.ts';
import { appServiceRoute } from './app-service.ts';
import { createIdentities } from './identities.ts';
import type { Identities } from './identities.ts';
import { imdsRoutes } from './imds.ts';

export interface IdentityServer extends Serving {
  readonly identities: Pick<Identities, 'assign' | 'remove'>;
  /** What leads clients here: as to a virtual machine's service, or to App Service's. */
  readonly variables: {
    readonly imds: Readonly<Record<string, string>>;
    readonly appService: Readonly<Record<string, string>>;
  };
}

/**
 * The machine in Azure that valetkey may run on: its managed identities' tokens, on plain HTTP as there,
 * signed by the stand-in's tenant so that its services take them.
 */
export async function startIdentityServer(
  azure: Pick<AzureStandIn, 'tokens' | 'directory'>,
  options: Omit<ServingOptions, 'tls'> = {},
): Promise<IdentityServer> {
  const identities = createIdentities(azure);
  const secret = randomBytes(24).toString('hex').toUpperCase();
  const serving = await startServing(options, () => [
    ...imdsRoutes(identities),
    appServiceRoute(identities, secret),
  ]);
  return {
    ...serving,
    identities,
    variables: {
      imds: { AZURE_POD_IDENTITY_AUTHORITY_HOST: serving.url },
      appService: { IDENTITY_ENDPOINT: `${serving.url}/msi/token`, IDENTITY_HEADER: secret },
    },
  };
}
