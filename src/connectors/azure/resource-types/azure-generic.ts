import { ofKind } from '../../../core/credential.ts';
import { ValetkeyError } from '../../../core/errors.ts';
import { secret } from '../../../core/secret.ts';
import { defineResourceType } from '../../contract.ts';
import { isArm } from '../audiences.ts';
import type { AzureCloud, AzureScope } from '../cloud.ts';
import { audienceOf } from '../environments.ts';
import { textOf } from '../../fields/text-of.ts';
import { environmentOf, placeFields, placeOf } from '../place.ts';
import { grantedAudiences } from '../scope.ts';

/** https://learn.microsoft.com/entra/identity-platform/scopes-oidc#the-default-scope */
export default defineResourceType<AzureCloud, AzureScope>({
  kind: 'azure-generic',
  title: 'Any Azure resource',
  description:
    'Tokens for every audience that the connector allows, with all the permissions of its identity there. Clients name the audience; the usual one is Resource Manager. A grant may limit them to some of the connector’s audiences (scopes: https://storage.azure.com/.default). The resource is the connector’s subscription.',
  permissions: [],
  idFormats: ['<subscription-id>'],
  instances: false,
  access: ['full'],
  scopes: true,

  canonical(id, config) {
    const own = textOf(config, 'subscription_id');
    const parsed = placeFields.subscription_id.safeParse(id).data;
    if (parsed === undefined) throw invalid('it is no id of a subscription');
    if (own === undefined || own === parsed) return parsed;
    throw invalid(`the connector’s subscription is ${own}`);
  },

  narrow({ scopes }, config) {
    if (scopes === undefined || scopes.length === 0) return undefined;
    return { audiences: grantedAudiences(scopes, config) };
  },

  /** Resource Manager tells whether it takes a token; any other one, issued this moment, proves itself. */
  async verify({ cloud, credential, config, signal }) {
    const { token, scopes } = ofKind(credential, 'access-token');
    const audience = audienceOf(scopes[0] ?? '');
    if (!isArm(audience, environmentOf(config))) return;
    const pages = cloud.arm.listSubscriptions(secret(token), placeOf(config), signal);
    for await (const _ of pages) return; // one page proves it
  },
});

function invalid(reason: string): ValetkeyError {
  return new ValetkeyError('INPUT_INVALID', { subject: 'resource_id', reason });
}
