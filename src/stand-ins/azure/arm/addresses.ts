import type { AzureRequest } from '../request.ts';
import type { World } from '../world.ts';

/** A test bed may lead this name here by its hosts file; then blobs go by their public names too. */
const PUBLIC = 'management.azure.com';

const isPublic = ({ headers }: AzureRequest): boolean => headers.get('host') === PUBLIC;

/** ARM as the caller knows it: links lead back to the name it was asked by. */
export function armUrl(world: World, request: AzureRequest): string {
  return isPublic(request) ? `https://${PUBLIC}` : world.url();
}

/** Base of one account's blobs, with a slash at its end as ARM has it. */
export function blobUrl(world: World, request: AzureRequest, account: string): string {
  return isPublic(request)
    ? `https://${account}.blob.core.windows.net/`
    : `${world.url()}/${account}/`;
}
