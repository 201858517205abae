import { z } from 'zod';

import { ValetkeyError } from '../../../core/errors.ts';
import { defineAuthMethod } from '../../contract.ts';
import type { AzureCloud, AzureScope } from '../cloud.ts';
import { askOf, credentialOf } from '../mint.ts';
import { keepNewest, loginOfToken, refreshTokenIn } from '../person-store.ts';
import { appFields, azurePlace, identityFields, placeFields, tenant } from '../place.ts';

/** The Azure CLI's own, a public client that every directory knows. */
const AZURE_CLI_CLIENT = '04b07795-8ddb-461a-bbee-02f9e1bf7b46';

const config = z.strictObject({
  tenant_id: tenant
    .default('organizations')
    .describe('Directory to log in to: its id or domain. Default: the person’s own'),
  client_id: appFields.client_id
    .default(AZURE_CLI_CLIENT)
    .describe('Public client that the person logs in with. Default: that of the Azure CLI'),
  for_tenant: appFields.for_tenant.describe(
    'Another directory that tokens are asked for in, where the person is a guest',
  ),
  ...placeFields,
  object_id: identityFields.object_id,
});

/** https://learn.microsoft.com/entra/identity-platform/v2-oauth2-device-code */
export default defineAuthMethod<AzureCloud, AzureScope, typeof config>({
  kind: 'user-account',
  title: 'A person’s login',
  description:
    'A person logs in once with a browser (`valetkey connector login`) and clients get tokens that speak for the person, each for one audience. The login is kept in the store and renewed without the person for as long as the directory allows, which is usually 90 days after its last use.',
  yields: 'access-token',
  config,
  secret: z.strictObject({}),
  narrows: () => true,

  async issue(input) {
    const { connector, config: options, cloud, machine, signal, saveLogin } = input;
    signal.throwIfAborted();
    const hint = `run: valetkey connector login ${connector.name}`;
    const refreshToken = refreshTokenIn(connector.login);
    if (refreshToken === undefined) throw new ValetkeyError('LOGIN_REQUIRED', { hint });
    const ask = askOf(input);
    const { tenant_id: tenantId, client_id: clientId } = options;
    const login = { tenantId, clientId, refreshToken };
    const issued = await cloud.entra.refresh(login, ask, azurePlace(options), signal);
    await keepNewest(issued, machine.clock.now(), saveLogin);
    return credentialOf(issued, ask, input);
  },

  async login({ config: options, cloud, machine, signal }) {
    const app = { tenantId: options.tenant_id, clientId: options.client_id };
    const device = await cloud.entra.startDevice(app, azurePlace(options), signal);
    const { url, userCode, expiresAt } = device;
    return {
      prompt: { kind: 'device', url, userCode, expiresAt },
      finish: async (_code, until) => loginOfToken(await device.poll(until), machine.clock.now()),
    };
  },
});
