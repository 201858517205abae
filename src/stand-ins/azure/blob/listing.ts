import type { Call } from '../service.ts';
import type { StorageAccount } from '../estate.ts';
import type { AzureReply } from '../reply.ts';
import { blobRefusal } from './refusals.ts';
import type { Container, StoredBlob } from './store.ts';
import type { BlobWorld } from './world.ts';
import { element, escapeXml, list, xmlReply } from './xml.ts';

/** Fewer than anybody asks for, as the service may: whoever lists has to go on by the marker. */
const PAGE = 2;

/** https://learn.microsoft.com/rest/api/storageservices/list-containers2 */
export function containerList(world: BlobWorld, account: StorageAccount, call: Call): AzureReply {
  const { prefix, marker, size } = readQuery(call);
  const wanted = world.store
    .list(account.name)
    .filter(({ name }) => name.startsWith(prefix) && name > marker);
  const page = wanted.slice(0, size);
  const items = page.map(
    (one) =>
      `<Container>${element('Name', one.name)}<Properties>${stamps(one)}${LEASE}${CONTAINER_FACTS}</Properties></Container>`,
  );
  const next = wanted.length > page.length ? (page.at(-1)?.name ?? '') : '';
  const endpoint = `ServiceEndpoint="${escapeXml(`${world.url()}/${account.name}/`)}"`;
  return enumeration(call, endpoint, list('Containers', items), next);
}

/** https://learn.microsoft.com/rest/api/storageservices/list-blobs */
export function blobList(
  world: BlobWorld,
  account: StorageAccount,
  container: Container,
  call: Call,
): AzureReply {
  const { prefix, marker, size } = readQuery(call);
  const delimiter = call.request.query.get('delimiter') ?? '';
  const entries = new Map<string, StoredBlob | 'prefix'>();
  for (const [name, blob] of container.blobs) {
    if (!name.startsWith(prefix)) continue;
    const cut = delimiter === '' ? -1 : name.indexOf(delimiter, prefix.length);
    if (cut === -1) entries.set(name, blob);
    else entries.set(name.slice(0, cut + delimiter.length), 'prefix');
  }
  const wanted = [...entries]
    .filter(([name]) => name > marker)
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  const page = wanted.slice(0, size);
  const items = page.map(([name, blob]) =>
    blob === 'prefix'
      ? `<BlobPrefix>${element('Name', name)}</BlobPrefix>`
      : `<Blob>${element('Name', name)}<Properties>${blobFacts(blob)}</Properties></Blob>`,
  );
  const next = wanted.length > page.length ? (page.at(-1)?.[0] ?? '') : '';
  const attributes = `ServiceEndpoint="${escapeXml(`${world.url()}/${account.name}/`)}" ContainerName="${container.name}"`;
  return enumeration(call, attributes, list('Blobs', items), next);
}

const LEASE = '<LeaseStatus>unlocked</LeaseStatus><LeaseState>available</LeaseState>';
const CONTAINER_FACTS =
  '<DefaultEncryptionScope>$account-encryption-key</DefaultEncryptionScope><DenyEncryptionScopeOverride>false</DenyEncryptionScopeOverride><HasImmutabilityPolicy>false</HasImmutabilityPolicy><HasLegalHold>false</HasLegalHold>';

function stamps({ etag, modifiedAt }: { etag: string; modifiedAt: number }): string {
  return `${element('Last-Modified', new Date(modifiedAt).toUTCString())}${element('Etag', etag)}`;
}

function blobFacts(blob: StoredBlob): string {
  return [
    element('Creation-Time', new Date(blob.modifiedAt).toUTCString()),
    stamps(blob),
    element('Content-Length', String(blob.body.length)),
    element('Content-Type', blob.contentType),
    '<BlobType>BlockBlob</BlobType><AccessTier>Hot</AccessTier>',
    LEASE,
    '<ServerEncrypted>true</ServerEncrypted>',
  ].join('');
}

function enumeration(call: Call, attributes: string, items: string, next: string): AzureReply {
  const { query } = call.request;
  const echoed = [
    ['prefix', 'Prefix'],
    ['marker', 'Marker'],
    ['maxresults', 'MaxResults'],
    ['delimiter', 'Delimiter'],
  ].map(([name = '', tag = '']) => (query.has(name) ? element(tag, query.get(name) ?? '') : ''));
  const marker = next === '' ? '' : Buffer.from(next).toString('base64url');
  return xmlReply(
    `<EnumerationResults ${attributes}>${echoed.join('')}${items}${element('NextMarker', marker)}</EnumerationResults>`,
  );
}

function readQuery({ request: { query } }: Call): {
  readonly prefix: string;
  readonly marker: string;
  readonly size: number;
} {
  const asked = query.get('maxresults') ?? String(PAGE);
  if (!/^\d{1,9}$/.test(asked) || Number(asked) < 1 || Number(asked) > 5000) {
    throw blobRefusal(
      400,
      'OutOfRangeQueryParameterValue',
      'One of the query parameters specified in the request URI is outside the permissible range.',
    );
  }
  const marker = Buffer.from(query.get('marker') ?? '', 'base64url').toString('utf8');
  return { prefix: query.get('prefix') ?? '', marker, size: Math.min(Number(asked), PAGE) };
}
