import { ofKind } from '../../core/credential.ts';
import { ValetkeyError } from '../../core/errors.ts';
import { secret } from '../../core/secret.ts';
import type { SasSpec, SignInput } from '../own-use.ts';
import { storageTime, STORAGE_VERSION } from './blobs.ts';
import type { AzureCloud } from './cloud.ts';
import { formatContainerPath, parseContainerPath, type ContainerPath } from './container.ts';
import { placeOf } from './place.ts';
import { checkedAddresses, orderedPermissions, signSas } from './sas.ts';
import { storageAccounts } from './storage-accounts.ts';

/** https://learn.microsoft.com/rest/api/storageservices/get-user-delegation-key: no key lives longer. */
const LONGEST_S = 7 * 86_400;
const SHORTEST_S = 60;
/** A service whose clock is behind must not find the key to be of the future. */
const SKEW_MS = 5 * 60_000;

/** User delegation SAS: a key that Entra vouches for signs them, never the account's own. */
export const sas: SasSpec<AzureCloud> = {
  target(id, config) {
    const path = parseContainerPath(id, config);
    return {
      id: formatContainerPath(path),
      resource: {
        type: 'blob-container',
        id: formatContainerPath({ ...path, directory: undefined }),
        access: 'full',
      },
    };
  },

  check: (input) => void checkedAsk(input),

  async sign(input) {
    const { path, permissions, ip } = checkedAsk(input);
    const { cloud, config, credential, now, seconds, httpsOnly, signal } = input;
    if (path.directory !== undefined) await requireDirectories(input, path);
    const token = secret(ofKind(credential, 'access-token').token);
    // Whole seconds: the fraction is not signed, and must not make it longer.
    const expiry = Math.floor(now / 1000) * 1000 + seconds * 1000;
    const start = Math.max(now - SKEW_MS, expiry - LONGEST_S * 1000);
    const key = await cloud.blobs.userDelegationKey(
      token,
      path.account,
      { start, expiry },
      placeOf(config),
      signal,
    );
    const ends = Math.min(expiry, Date.parse(key.expiry));
    if (!(ends > now)) {
      throw new ValetkeyError('UPSTREAM_MALFORMED', { reason: 'the key does not live' });
    }
    const signed = signSas({
      path,
      permissions,
      expiry: storageTime(ends),
      ip,
      httpsOnly,
      version: STORAGE_VERSION,
      key,
    });
    return { ...signed, permissions, expiresAt: Date.parse(storageTime(ends)) };
  },
};

function checkedAsk({
  id,
  config,
  permissions,
  seconds,
  ip,
}: Omit<SignInput<unknown>, 'cloud' | 'credential'>) {
  const path = parseContainerPath(id, config);
  if (seconds < SHORTEST_S || seconds > LONGEST_S) {
    throw new ValetkeyError('INPUT_INVALID', {
      subject: 'seconds',
      reason: `a SAS of this kind lives ${SHORTEST_S} s to 7 days (${LONGEST_S} s)`,
    });
  }
  return {
    path,
    permissions: orderedPermissions(permissions, path),
    ip: ip === undefined ? undefined : checkedAddresses(ip),
  };
}

/** Elsewhere a directory is but a part of names, and the service takes no SAS for one. */
async function requireDirectories(
  input: SignInput<AzureCloud>,
  { account, directory }: ContainerPath,
): Promise<void> {
  for await (const { name, hierarchical } of storageAccounts(input)) {
    if (name !== account) continue;
    if (hierarchical) return;
    throw new ValetkeyError('INPUT_INVALID', {
      subject: 'resource_id',
      reason: `${account} has no hierarchical namespace, and only there can a SAS be for a directory`,
      hint: `leave out ${directory ?? ''}: the SAS is then for the whole container`,
    });
  }
  throw new ValetkeyError('INPUT_INVALID', {
    subject: 'resource_id',
    reason: `Resource Manager shows no storage account ${account}, so it is not known whether a SAS can be for a directory there`,
    hint: 'let the identity see the account (role Reader), or name the whole container',
  });
}
