import { z } from 'zod';

import { ValetkeyError } from '../../core/errors.ts';
import type { Secret } from '../../core/secret.ts';
import type { Machine } from '../contract.ts';
import { checked } from './answers.ts';
import type { Arm, AzurePlace } from './cloud.ts';
import { endpointsOf, type Endpoints } from './endpoints.ts';
import { refusedCall, type Hints } from './refusals.ts';
import { createTransport, type Send } from './transport.ts';

const MAX_BYTES = 4 * 1024 * 1024;
/** A service that always names one more page is not followed for ever. */
const MAX_PAGES = 1000;

const Subscriptions = z.object({
  value: z.array(
    z.object({ subscriptionId: z.guid(), displayName: z.string().catch(''), tenantId: z.guid() }),
  ),
});

const StorageAccounts = z.object({
  value: z.array(
    z.object({
      id: z.string(),
      name: z.string().regex(/^[a-z\d]{3,24}$/),
      properties: z.object({
        isHnsEnabled: z.boolean().default(false),
        primaryEndpoints: z.object({ blob: z.url().optional() }).default({}),
      }),
    }),
  ),
});

const NextLink = z.object({ nextLink: z.string().min(1).nullish() });

interface Listing {
  readonly path: string;
  readonly hints: Hints;
  readonly token: Secret;
  readonly place: AzurePlace;
  readonly signal: AbortSignal;
}

/** Resource Manager, as far as discovery needs it. https://learn.microsoft.com/rest/api/resources/subscriptions/list */
export function createArm(machine: Machine): Arm {
  const send = createTransport(machine);
  return {
    async *listSubscriptions(token, place, signal) {
      const path = '/subscriptions?api-version=2022-12-01';
      const hints = { forbidden: 'the identity needs a role in a subscription' };
      for await (const text of pages(send, { path, hints, token, place, signal })) {
        const { value } = checked(Subscriptions, text);
        yield value.map(({ subscriptionId, displayName, tenantId }) => ({
          id: subscriptionId.toLowerCase(),
          name: displayName,
          tenantId: tenantId.toLowerCase(),
        }));
      }
    },

    async *listStorageAccounts(token, subscriptionId, place, signal) {
      const path = `/subscriptions/${encodeURIComponent(subscriptionId)}/providers/Microsoft.Storage/storageAccounts?api-version=2023-05-01`;
      const hints = {
        forbidden:
          'the identity needs Microsoft.Storage/storageAccounts/read in the subscription (role Reader), or the connector a storage_account',
        notFound: 'there is no such subscription: check subscription_id',
      };
      const endpoints = endpointsOf(place, machine.env);
      for await (const text of pages(send, { path, hints, token, place, signal })) {
        const { value } = checked(StorageAccounts, text);
        yield value.map(({ id, name, properties }) => ({
          name,
          resourceGroup: /\/resourceGroups\/([^/]+)\//i.exec(id)?.[1] ?? '',
          hierarchical: properties.isHnsEnabled,
          blobEndpoint: blobBase(name, properties.primaryEndpoints.blob, endpoints),
        }));
      }
    },
  };
}

/** Where its blobs are, if that is a host that tokens may be sent to. */
function blobBase(account: string, told: string | undefined, endpoints: Endpoints): string {
  if (told === undefined || !endpoints.mayBeAsked(new URL(told))) return endpoints.blob(account);
  return told.replace(/\/+$/, '');
}

async function* pages(
  send: Send,
  { path, hints, token, place, signal }: Listing,
): AsyncGenerator<string> {
  let next: string | undefined;
  for (let count = 0; count < MAX_PAGES; count += 1) {
    const link = next;
    const url = ({ arm }: Endpoints): string =>
      link === undefined ? `${arm}${path}` : following(link, arm);
    const answer = await send({ url, bearer: token, maxBytes: MAX_BYTES, place, signal });
    if (answer.status !== 200) throw refusedCall(answer, hints);
    yield answer.text;
    const { nextLink } = checked(NextLink, answer.text);
    if (nextLink === undefined || nextLink === null) return;
    if (nextLink === link) throw malformed('a page names itself as the next');
    next = nextLink;
  }
  throw malformed('the list has no end');
}

/** The token goes on to nobody else. */
function following(link: string, arm: string): string {
  const url = URL.parse(link);
  if (url?.origin === new URL(arm).origin) return url.href;
  throw malformed('the next page is elsewhere');
}

function malformed(reason: string): ValetkeyError {
  return new ValetkeyError('UPSTREAM_MALFORMED', { reason });
}
