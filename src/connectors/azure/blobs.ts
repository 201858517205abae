import { ValetkeyError } from '../../core/errors.ts';
import { secret } from '../../core/secret.ts';
import type { Machine } from '../contract.ts';
import { checkBlobList, containerPage, fieldsOf } from './blob-xml.ts';
import type { AzurePlace, Blobs } from './cloud.ts';
import type { Endpoints } from './endpoints.ts';
import { refusedCall, type Hints } from './refusals.ts';
import { createTransport, type AzureCall } from './transport.ts';

/** Of the service; it is part of a delegation key and of what a SAS signs. */
export const STORAGE_VERSION = '2023-11-03';

const PAGE = 1000;
const MAX_PAGES = 1000;
const MAX_BYTES = 4 * 1024 * 1024;

interface Call {
  readonly account: string;
  /** `/container?query`, below the account. */
  readonly path: string;
  readonly hints: Hints;
  readonly more: Pick<AzureCall, 'bearer' | 'body' | 'signal'>;
  readonly place: AzurePlace;
}

/** Blob storage's REST API, as far as discovery, verification and SAS need it. */
export function createBlobs(machine: Machine): Blobs {
  const send = createTransport(machine);

  async function ask({ account, path, hints, more, place }: Call): Promise<string> {
    const answer = await send({
      ...more,
      url: ({ blob }: Endpoints) => `${blob(account)}${path}`,
      headers: {
        accept: 'application/xml',
        'x-ms-version': STORAGE_VERSION,
        'x-ms-date': new Date(machine.clock.now()).toUTCString(),
      },
      maxBytes: MAX_BYTES,
      place,
    });
    if (answer.status === 200) return answer.text;
    throw refusedCall(answer, hints);
  }

  return {
    async *listContainers(token, account, place, signal) {
      const hints = {
        forbidden:
          'the identity needs Microsoft.Storage/storageAccounts/blobServices/containers/read on the account (role Storage Blob Data Reader)',
        notFound: 'there is no such storage account',
      };
      const more = { bearer: token, signal };
      let marker: string | undefined;
      for (let count = 0; count < MAX_PAGES; count += 1) {
        const after = marker === undefined ? '' : `&marker=${encodeURIComponent(marker)}`;
        const path = `/?comp=list&maxresults=${PAGE}${after}`;
        const { names, next } = containerPage(await ask({ account, path, hints, more, place }));
        yield names;
        if (next === undefined) return;
        if (next === marker) break;
        marker = next;
      }
      throw new ValetkeyError('UPSTREAM_MALFORMED', { reason: 'the list has no end' });
    },

    async probeList(token, { account, container }, place, signal) {
      const hints = {
        forbidden:
          'the identity needs Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read on the container (role Storage Blob Data Reader)',
        notFound: 'there is no such container',
      };
      const path = `/${container}?restype=container&comp=list&maxresults=1`;
      const more = { bearer: token, signal };
      checkBlobList(await ask({ account, path, hints, more, place }));
    },

    async userDelegationKey(token, account, { start, expiry }, place, signal) {
      const hints = {
        forbidden:
          'the identity needs Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action on the account (role Storage Blob Delegator)',
        notFound: 'there is no such storage account',
      };
      const text = `<?xml version="1.0" encoding="utf-8"?><KeyInfo><Start>${storageTime(start)}</Start><Expiry>${storageTime(expiry)}</Expiry></KeyInfo>`;
      const body = { type: 'application/xml', text };
      const more = { bearer: token, body, signal };
      const path = '/?restype=service&comp=userdelegationkey';
      const field = fieldsOf(await ask({ account, path, hints, more, place }), 'UserDelegationKey');
      return {
        objectId: field('SignedOid'),
        tenantId: field('SignedTid'),
        start: field('SignedStart'),
        expiry: field('SignedExpiry'),
        service: field('SignedService'),
        version: field('SignedVersion'),
        value: secret(field('Value')),
      };
    },
  };
}

/** ms since the epoch as storage writes times: whole seconds, UTC. */
export function storageTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
