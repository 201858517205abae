import { ofKind } from '../../core/credential.ts';
import { toValetkeyError, ValetkeyError } from '../../core/errors.ts';
import { secret, type Secret } from '../../core/secret.ts';
import type { ProbeInput } from '../contract.ts';
import { formatContainerPath } from './container.ts';
import type { AzureCloud, AzurePlace } from './cloud.ts';
import { armAudience, defaultScope } from './environments.ts';
import { placeOf, textOf } from './place.ts';

type Input = ProbeInput<Pick<AzureCloud, 'arm' | 'blobs'>>;

interface Account {
  readonly name: string;
  readonly place: AzurePlace;
}

/**
 * The containers of the connector's storage account, or of every one that Resource Manager shows in its
 * subscription and resource group, or in all subscriptions. An account that fails does not keep back the
 * others: what failed is thrown at the end.
 */
export async function* listContainers(input: Input): AsyncGenerator<readonly string[]> {
  const token = secret(ofKind(input.credential, 'access-token').token);
  const failed: { readonly account: string; readonly error: ValetkeyError }[] = [];
  let count = 0;
  for await (const { name: account, place } of accountsOf(input)) {
    count += 1;
    try {
      for await (const names of input.cloud.blobs.listContainers(
        token,
        account,
        place,
        input.signal,
      )) {
        yield names.map((container) =>
          formatContainerPath({ account, container, directory: undefined }),
        );
      }
    } catch (error) {
      input.signal.throwIfAborted();
      failed.push({ account, error: toValetkeyError(error) });
    }
  }
  const [first] = failed;
  if (first === undefined) return;
  const { code, hint, upstreamCode, cause } = first.error;
  const names = failed.map(({ account }) => account);
  throw new ValetkeyError(code, {
    subject: names.slice(0, 3).join(', ') + (names.length > 3 ? ', …' : ''),
    reason: `${failed.length} of ${count} storage account${count === 1 ? '' : 's'} could not be listed`,
    ...(hint === undefined ? {} : { hint }),
    ...(upstreamCode === undefined ? {} : { upstreamCode }),
    cause,
  });
}

async function* accountsOf(input: Input): AsyncGenerator<Account> {
  const { cloud, config, signal } = input;
  const place = placeOf(config);
  const own = textOf(config, 'storage_account');
  if (own !== undefined) {
    yield { name: own, place };
    return;
  }
  const group = textOf(config, 'resource_group')?.toLowerCase();
  const token = await armToken(input, place);
  for (const subscription of await subscriptionsOf(input, token, place)) {
    for await (const accounts of cloud.arm.listStorageAccounts(
      token,
      subscription,
      place,
      signal,
    )) {
      for (const { name, resourceGroup, blobEndpoint } of accounts) {
        if (group !== undefined && resourceGroup.toLowerCase() !== group) continue;
        yield { name, place: { ...place, blobEndpoint } };
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
export async function armToken(
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
