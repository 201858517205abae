import { ofKind } from '../../core/credential.ts';
import { toValetkeyError, ValetkeyError } from '../../core/errors.ts';
import { secret, type Secret } from '../../core/secret.ts';
import type { ProbeInput } from '../own-use.ts';
import type { AzureCloud, AzurePlace, StorageAccount } from './cloud.ts';
import { armAudience, defaultScope } from './environments.ts';
import { textOf } from '../fields/text-of.ts';
import { placeOf } from './place.ts';

type Input = Pick<ProbeInput<Pick<AzureCloud, 'arm'>>, 'cloud' | 'config' | 'signal' | 'tokenFor'>;

/**
 * The storage accounts that Resource Manager shows in the connector's subscription and resource group,
 * or in all subscriptions. Throws `OUT_OF_SCOPE` when the connector is not for Resource Manager.
 */
export async function* storageAccounts(input: Input): AsyncGenerator<StorageAccount> {
  const { cloud, config, signal } = input;
  const place = placeOf(config);
  const group = textOf(config, 'resource_group')?.toLowerCase();
  const token = await armToken(input, place);
  for (const subscription of await subscriptionsOf(input, token, place)) {
    const pages = cloud.arm.listStorageAccounts(token, subscription, place, signal);
    for await (const accounts of pages) {
      for (const account of accounts) {
        if (group === undefined || account.resourceGroup.toLowerCase() === group) yield account;
      }
    }
  }
}

async function subscriptionsOf(
  { cloud, config, signal }: Input,
  token: Secret,
  place: AzurePlace,
): Promise<readonly string[]> {
  const own = textOf(config, 'subscription_id');
  if (own !== undefined) return [own];
  const ids: string[] = [];
  for await (const page of cloud.arm.listSubscriptions(token, place, signal)) {
    ids.push(...page.map(({ id }) => id));
  }
  return ids;
}

const NOT_ALLOWED = new Set(['SCOPE_NOT_GRANTED', 'OUT_OF_SCOPE', 'INPUT_INVALID']);

/** Storage itself does not tell which accounts there are. */
async function armToken(
  { tokenFor, signal }: Pick<Input, 'tokenFor' | 'signal'>,
  { environment }: AzurePlace,
): Promise<Secret> {
  const audience = armAudience(environment);
  try {
    if (tokenFor === undefined) throw new ValetkeyError('SCOPE_NOT_GRANTED');
    return secret(ofKind(await tokenFor(defaultScope(audience)), 'access-token').token);
  } catch (error) {
    signal.throwIfAborted();
    if (!NOT_ALLOWED.has(toValetkeyError(error).code)) throw error;
    throw new ValetkeyError('OUT_OF_SCOPE', {
      reason:
        'Resource Manager knows the storage accounts, and the connector’s tokens are not for it',
      hint: `give it a storage_account, or add ${audience} to its audiences`,
      cause: error,
    });
  }
}
