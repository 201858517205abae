import { readBearer } from '../bearer.ts';
import type { StorageAccount } from '../estate.ts';
import type { Principal } from '../principals.ts';
import { jsonReply } from '../reply.ts';
import type { Call, Route } from '../service.ts';
import type { World } from '../world.ts';
import { armUrl, blobUrl } from './addresses.ts';
import { paged } from './paging.ts';
import { armRefusal, unauthenticated, unauthorized } from './refusals.ts';

const LIST_ACCOUNTS = 'Microsoft.Storage/storageAccounts/read';

/** The part of Azure Resource Manager that tells what a token can see. */
export function armRoutes(world: World): readonly Route[] {
  const { grants, estate, directory } = world;
  const own = (principal: Principal) =>
    estate
      .subscriptions()
      .filter(
        ({ id, tenant }) =>
          tenant === principal.tenantId && grants.sees(principal.objectId, `/subscriptions/${id}`),
      );
  const subscriptionJson = ({ id, name, tenant }: ReturnType<typeof own>[number]) => ({
    id: `/subscriptions/${id}`,
    authorizationSource: 'RoleBased',
    managedByTenants: [],
    subscriptionId: id,
    tenantId: tenant,
    displayName: name,
    state: 'Enabled',
    subscriptionPolicies: {
      locationPlacementId: 'Public_2014-09-01',
      quotaId: 'PayAsYouGo_2014-09-01',
      spendingLimit: 'Off',
    },
  });
  /** The principal, who must hold some role in the subscription. */
  const inside = (call: Call, subscription: string, action: string) => {
    const principal = enter(world, call);
    const scope = `/subscriptions/${subscription}`;
    call.visit.target = scope;
    const found = estate.findSubscription(subscription);
    if (found === undefined) {
      throw armRefusal(
        404,
        'SubscriptionNotFound',
        `The subscription '${subscription}' could not be found.`,
      );
    }
    if (found.tenant !== principal.tenantId) {
      throw armRefusal(
        401,
        'InvalidAuthenticationTokenTenant',
        `The access token is from the wrong issuer 'https://sts.windows.net/${principal.tenantId}/'. It must match the tenant 'https://sts.windows.net/${found.tenant}/' associated with this subscription.`,
      );
    }
    if (!grants.sees(principal.objectId, scope)) {
      throw unauthorized(principal.objectId, action, scope);
    }
    return { principal, found };
  };
  return [
    {
      service: 'arm',
      method: 'GET',
      path: /^\/subscriptions\/?$/,
      name: () => 'subscriptions.list',
      run(call) {
        const principal = enter(world, call);
        const page = paged(call, own(principal), `${armUrl(world, call.request)}/subscriptions`);
        return jsonReply({
          ...page,
          value: page.value.map(subscriptionJson),
          count: { type: 'Total', value: page.value.length },
        });
      },
    },
    {
      service: 'arm',
      method: 'GET',
      path: /^\/subscriptions\/([^/]+)\/?$/,
      name: () => 'subscriptions.get',
      run(call) {
        const action = 'Microsoft.Resources/subscriptions/read';
        return jsonReply(subscriptionJson(inside(call, call.params[0] ?? '', action).found));
      },
    },
    {
      service: 'arm',
      method: 'GET',
      path: /^\/tenants\/?$/,
      name: () => 'tenants.list',
      run(call) {
        const { tenantId } = enter(world, call);
        const { id, domain } = directory.findTenant(tenantId) ?? { id: tenantId, domain: '' };
        const value = [
          {
            id: `/tenants/${id}`,
            tenantId: id,
            countryCode: 'DE',
            displayName: domain,
            domains: [domain],
            tenantCategory: 'Home',
            defaultDomain: domain,
            tenantType: 'AAD',
          },
        ];
        return jsonReply({ value });
      },
    },
    {
      service: 'arm',
      method: 'GET',
      path: /^\/subscriptions\/([^/]+)\/providers\/Microsoft\.Storage\/storageAccounts\/?$/i,
      name: () => 'storage-accounts.list',
      run(call) {
        const { principal, found } = inside(call, call.params[0] ?? '', LIST_ACCOUNTS);
        const visible = estate
          .accountsIn(found.id)
          .filter(({ id }) => grants.may(principal.objectId, LIST_ACCOUNTS, id));
        const page = paged(call, visible, `${armUrl(world, call.request)}${call.request.path}`);
        return jsonReply({
          ...page,
          value: page.value.map((one) => accountJson(one, blobUrl(world, call.request, one.name))),
        });
      },
    },
  ];
}

function accountJson({ id, name, hierarchical }: StorageAccount, blob: string) {
  return {
    sku: { name: 'Standard_LRS', tier: 'Standard' },
    kind: 'StorageV2',
    id,
    name,
    type: 'Microsoft.Storage/storageAccounts',
    location: 'westeurope',
    tags: {},
    properties: {
      primaryEndpoints: { blob },
      primaryLocation: 'westeurope',
      statusOfPrimary: 'available',
      provisioningState: 'Succeeded',
      supportsHttpsTrafficOnly: true,
      isHnsEnabled: hierarchical,
    },
  };
}

/** A token for ARM, and an api-version that looks like one. */
function enter(world: World, { request, visit }: Call): Principal {
  const bearer = readBearer(world, 'arm', request, visit);
  if (typeof bearer === 'string') throw unauthenticated(bearer, world.url());
  const version = request.query.get('api-version');
  if (version === null || version === '') {
    throw armRefusal(
      400,
      'MissingApiVersionParameter',
      'The api-version query parameter (?api-version=) is required for all requests.',
    );
  }
  if (!/^\d{4}-\d{2}-\d{2}(?:-preview)?$/.test(version)) {
    throw armRefusal(
      400,
      'InvalidApiVersionParameter',
      `The api-version '${version}' is invalid. The supported versions are '2022-12-01,2021-01-01,2020-01-01'.`,
    );
  }
  return bearer.principal;
}
