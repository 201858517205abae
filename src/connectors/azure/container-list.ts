import { ofKind } from '../../core/credential.ts';
import { toValetkeyError, ValetkeyError } from '../../core/errors.ts';
import { secret } from '../../core/secret.ts';
import type { ProbeInput } from '../own-use.ts';
import { formatContainerPath } from './container.ts';
import type { AzureCloud, AzurePlace } from './cloud.ts';
import { textOf } from '../fields/text-of.ts';
import { placeOf } from './place.ts';
import { storageAccounts } from './storage-accounts.ts';

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
  const { config } = input;
  const place = placeOf(config);
  const own = textOf(config, 'storage_account');
  if (own !== undefined) {
    yield { name: own, place };
    return;
  }
  for await (const { name, blobEndpoint } of storageAccounts(input)) {
    yield { name, place: { ...place, blobEndpoint } };
  }
}
