import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { armRefusal } from './arm/refusals.ts';
import { faultBody, faultRefusal, withField } from './faults.ts';
import type { Fault } from './faults.ts';
import { isRefusal } from './refusal.ts';
import type { AzureReply } from './reply.ts';
import type { AzureRequest } from './request.ts';
import type { Match, Visit } from './service.ts';

/** What a route says, or the fault in its place; with the code of a refusal. */
export async function answer(
  match: Match | undefined,
  request: AzureRequest,
  visit: Visit,
  fault: Fault | undefined,
): Promise<[AzureReply, string?]> {
  try {
    if (match === undefined) throw armRefusal(404, 'NotFound', `${request.path} was not found.`);
    const { route, params } = match;
    if (fault?.kind === 'body') return [faultBody(fault.body)];
    if (fault?.kind === 'error') throw faultRefusal(route.service, fault);
    const reply = await route.run({ request, visit, params });
    return [fault?.kind === 'field' ? withField(reply, fault.name, fault.value) : reply];
  } catch (error) {
    const refused = isRefusal(error)
      ? error
      : armRefusal(500, 'InternalServerError', error instanceof Error ? error.message : '');
    const correlation =
      request.query.get('client-request-id') ??
      request.headers.get('client-request-id') ??
      randomUUID();
    return [refused.reply({ at: visit.now, correlation }), refused.azureCode];
  }
}

/** The date is the stand-in's own. */
export function send(
  outgoing: ServerResponse,
  reply: AzureReply,
  now: number,
  method?: string,
): void {
  const body = typeof reply.body === 'string' ? Buffer.from(reply.body) : reply.body;
  outgoing.sendDate = false;
  outgoing.writeHead(reply.status, {
    date: new Date(now).toUTCString(),
    'content-length': String(body.length),
    'x-ms-request-id': randomUUID(),
    ...reply.headers,
  });
  outgoing.end(method === 'HEAD' ? undefined : body);
}
