import { ValetkeyError } from '../../../core/errors.ts';
import { defineResourceType } from '../../contract.ts';
import type { AzureCloud, AzureScope } from '../cloud.ts';
import { placeFields, textOf } from '../place.ts';

/** https://learn.microsoft.com/entra/identity-platform/scopes-oidc#the-default-scope */
export default defineResourceType<AzureCloud, AzureScope>({
  kind: 'azure-generic',
  title: 'Any Azure resource',
  description:
    'Tokens for every audience that the connector allows, with all the permissions of its identity there. Clients name the audience; the usual one is Resource Manager. The resource is the connector’s subscription.',
  permissions: [],
  idFormats: ['<subscription-id>'],
  instances: false,
  access: ['full'],

  canonical(id, config) {
    const own = textOf(config, 'subscription_id');
    const parsed = placeFields.subscription_id.safeParse(id).data;
    if (parsed === undefined) throw invalid('it is no id of a subscription');
    if (own === undefined || own === parsed) return parsed;
    throw invalid(`the connector’s subscription is ${own}`);
  },

  narrow: () => undefined,

  /** A token that was issued this moment proves itself. */
  verify: async () => {},
});

function invalid(reason: string): ValetkeyError {
  return new ValetkeyError('INPUT_INVALID', { subject: 'resource_id', reason });
}
