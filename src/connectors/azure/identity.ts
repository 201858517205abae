import { ValetkeyError } from '../../core/errors.ts';
import type { AzureIdentity } from '../../core/token-account.ts';
import type { AccountInput, ResourceTypeSpec } from '../contract.ts';
import type { AzureCloud, AzureScope } from './cloud.ts';
import { defaultScope, ENVIRONMENTS } from './environments.ts';
import { environmentOf, guid, textOf } from './place.ts';
import { mergeScopes } from './scope.ts';

type ResourceTypes = Readonly<Record<string, ResourceTypeSpec<AzureCloud, AzureScope>>>;

const UNKNOWN = '00000000-0000-0000-0000-000000000000';

/** The identity behind grants as a managed-identity endpoint tells it. Pure. */
export function identityFrom(resourceTypes: ResourceTypes) {
  return ({ config, resources }: AccountInput): AzureIdentity => {
    const scope = mergeScopes(
      resources.map((resource) => {
        const type = resourceTypes[resource.type];
        if (type !== undefined) return type.narrow(resource, config);
        throw new ValetkeyError('INTERNAL', { subject: resource.type });
      }),
    );
    const audiences = scope?.audiences ?? listIn(config, 'audiences');
    const tenant = textOf(config, 'for_tenant') ?? textOf(config, 'tenant_id');
    return {
      cloud: 'azure',
      clientId: textOf(config, 'client_id') ?? UNKNOWN,
      objectId: textOf(config, 'object_id'),
      resourceId: textOf(config, 'identity_resource_id'),
      tenantId: guid('an id').catch(UNKNOWN).parse(tenant),
      subscriptionId: textOf(config, 'subscription_id'),
      environment: ENVIRONMENTS[environmentOf(config)].azEnvironment,
      askable: audiences === undefined ? 'any' : audiences.map(defaultScope),
      audiences: [],
    };
  };
}

function listIn(config: AccountInput['config'], field: string): readonly string[] | undefined {
  const value = config[field];
  if (!Array.isArray(value)) return undefined;
  return value.filter((item) => typeof item === 'string');
}
