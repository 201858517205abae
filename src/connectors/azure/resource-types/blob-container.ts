import { ofKind } from '../../../core/credential.ts';
import { ValetkeyError } from '../../../core/errors.ts';
import { secret } from '../../../core/secret.ts';
import { defineResourceType } from '../../contract.ts';
import { isBlobStorage, STORAGE_AUDIENCE } from '../audiences.ts';
import { formatContainerPath, parseContainerPath } from '../container.ts';
import { listContainers } from '../container-list.ts';
import type { AzureCloud, AzureScope } from '../cloud.ts';
import { environmentOf, placeOf } from '../place.ts';
import { ownAudiences } from '../scope.ts';

/** https://learn.microsoft.com/azure/storage/blobs/authorize-access-azure-active-directory */
export default defineResourceType<AzureCloud, AzureScope>({
  kind: 'blob-container',
  title: 'Blob storage container',
  description:
    'Tokens for Azure Storage and nothing else. A token of Entra cannot be limited to one container: it does in every storage account what the roles of the identity allow there, so keep these to what is needed. What is truly limited to a container, and to reading, is a SAS (`valetkey connector sas`).',
  permissions: [
    'Microsoft.Storage/storageAccounts/read',
    'Microsoft.Storage/storageAccounts/blobServices/containers/read',
    'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read',
    'Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action',
  ],
  idFormats: [
    'az://<account>/<container>',
    'https://<account>.blob.core.windows.net/<container>',
    'abfss://<container>@<account>.dfs.core.windows.net',
  ],
  instances: true,
  access: ['full'],

  canonical(id, config) {
    const path = parseContainerPath(id, config);
    if (path.directory === undefined) return formatContainerPath(path);
    throw new ValetkeyError('INPUT_INVALID', {
      subject: 'resource_id',
      reason: 'a token cannot be limited to a directory: name the container alone',
      hint: 'a SAS can be, in accounts with a hierarchical namespace: valetkey connector sas',
    });
  },

  narrow(_resource, config) {
    const environment = environmentOf(config);
    const audiences = (ownAudiences(config) ?? [STORAGE_AUDIENCE]).filter((audience) =>
      isBlobStorage(audience, environment),
    );
    if (audiences.length > 0) return { audiences };
    throw new ValetkeyError('OUT_OF_SCOPE', {
      reason: 'the connector’s tokens are not for storage',
      hint: `add ${STORAGE_AUDIENCE} to its audiences`,
    });
  },

  list: (input) => listContainers(input),

  async verify(input) {
    const { cloud, credential, config, signal, resource } = input;
    if (resource.id === undefined) {
      for await (const _ of listContainers(input)) return; // one page proves it
      return;
    }
    const token = secret(ofKind(credential, 'access-token').token);
    const at = parseContainerPath(resource.id, config);
    await cloud.blobs.probeList(token, at, placeOf(config), signal);
  },
});
