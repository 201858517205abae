import { z } from 'zod';

import { ValetkeyError } from '../../core/errors.ts';
import type { Machine } from '../contract.ts';
import type { GcsStorage } from './cloud.ts';
import { createTransport } from './transport.ts';

/** One page stays below what the transport reads, also from a service that sends more than the names. */
const PAGE = 50;

const Page = z.object({
  items: z.array(z.object({ name: z.string().min(1) })).default([]),
  nextPageToken: z.string().min(1).optional(),
});

/**
 * Cloud Storage's JSON API, as far as discovery and verification need it.
 * https://cloud.google.com/storage/docs/json_api/v1
 */
export function createStorage(machine: Machine): GcsStorage {
  const send = createTransport(machine);
  return {
    async *listBuckets(token, project, place, signal) {
      let after: string | undefined;
      do {
        const query = queryOf({ project, maxResults: `${PAGE}`, pageToken: after }, 'items/name');
        const { data } = await send({
          url: ({ storage }) => `${storage}/b?${query}`,
          bearer: token,
          hints: {
            forbidden:
              'the identity needs storage.buckets.list in the project, and its scopes a storage one',
            notFound: 'there is no such project: check project_id',
          },
          place,
          signal,
        });
        const page = Page.safeParse(data).data;
        // The same page again would be asked for without end.
        if (page === undefined || (after !== undefined && page.nextPageToken === after)) {
          throw new ValetkeyError('UPSTREAM_MALFORMED', { reason: 'this is no list of buckets' });
        }
        yield page.items.map(({ name }) => name);
        after = page.nextPageToken;
      } while (after !== undefined);
    },

    async probeList(token, bucket, prefix, place, signal) {
      const query = queryOf({ prefix, maxResults: '1' }, 'items/name');
      const { data } = await send({
        url: ({ storage }) => `${storage}/b/${encodeURIComponent(bucket)}/o?${query}`,
        bearer: token,
        hints: {
          forbidden:
            'the identity needs storage.objects.list on the bucket, which must have uniform bucket-level access',
          notFound: 'there is no such bucket',
        },
        place,
        signal,
      });
      if (!Page.safeParse(data).success) {
        throw new ValetkeyError('UPSTREAM_MALFORMED', { reason: 'this is no list of objects' });
      }
    },
  };
}

/** Only names are wanted, and no white space between them. https://cloud.google.com/storage/docs/json_api#partial-response */
function queryOf(parameters: Readonly<Record<string, string | undefined>>, fields: string): string {
  const query = new URLSearchParams({ prettyPrint: 'false', fields: `nextPageToken,${fields}` });
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) query.set(name, value);
  }
  return query.toString();
}
