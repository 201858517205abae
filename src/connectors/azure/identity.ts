import { ValetkeyError } from '../../core/errors.ts';
import type { AzureIdentity } from '../../core/token-account.ts';
import type { AccountInput, ResourceTypeSpec } from '../contract.ts';
import { askableScopes } from './audiences.ts';
import type { AzureCloud, AzureScope } from './cloud.ts';
import { ENVIRONMENTS } from './environments.ts';
import { textOf } from '../fields/text-of.ts';
import { environmentOf, guid } from './place.ts';
import { mergeScopes, ownAudiences } from './scope.ts';

type ResourceTypes = Readonly<Record<string, ResourceTypeSpec<AzureCloud, AzureScope>>>;

const UNKNOWN = '00000000-0000-0000-0000-000000000000';

/**
 * The identity behind grants as a managed-identity endpoint tells it, and what clients may ask it for.
 * Pure. Throws `INPUT_INVALID` and `OUT_OF_SCOPE` for grants that no token can be issued for.
 */
export function identityFrom(resourceTypes: ResourceTypes) {
  return ({ config, resources, audiences }: AccountInput): AzureIdentity => {
    // Taken in silence, a person would believe that it limits something.
    if (audiences !== undefined) throw noIdentityTokens();
    const scope = mergeScopes(
      resources.map((resource) => {
        const type = resourceTypes[resource.type];
        if (type !== undefined) return type.narrow(resource, config);
        throw new ValetkeyError('INTERNAL', { subject: resource.type });
      }),
    );
    const environment = environmentOf(config);
    const allowed = scope?.audiences ?? ownAudiences(config);
    const account = textOf(config, 'storage_account');
    const tenant = textOf(config, 'for_tenant') ?? textOf(config, 'tenant_id');
    return {
      cloud: 'azure',
      clientId: textOf(config, 'client_id') ?? UNKNOWN,
      objectId: textOf(config, 'object_id'),
      resourceId: textOf(config, 'identity_resource_id'),
      tenantId: guid('an id').catch(UNKNOWN).parse(tenant),
      subscriptionId: textOf(config, 'subscription_id'),
      environment: ENVIRONMENTS[environment].azEnvironment,
      askable:
        allowed === undefined
          ? 'any'
          : [...new Set(allowed.flatMap((one) => askableScopes(one, environment, account)))],
      audiences: [],
    };
  };
}

function noIdentityTokens(): ValetkeyError {
  return new ValetkeyError('INPUT_INVALID', {
    subject: 'audiences',
    reason: 'these are those of identity tokens, which Azure’s endpoints do not hand out',
    hint: 'limit what access tokens are for by scopes: https://storage.azure.com/.default',
  });
}
