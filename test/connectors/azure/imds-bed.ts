import type { IncomingHttpHeaders } from 'node:http';

import { localServer, type LocalServer } from '../aws/local-server.ts';
import { issueBy, type Bed } from './bed.ts';

export interface Asked {
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: IncomingHttpHeaders;
}

/** As of a status and a body; absent: a token for what was asked. */
export type Instead = (
  asked: Asked,
) => { readonly status: number; readonly body: string } | undefined;

/** The metadata service of a virtual machine whose identity is the bed's application. */
export async function imds(bed: Bed, instead: Instead = () => undefined): Promise<LocalServer> {
  const token = await issueBy('service-principal', bed, {
    config: bed.appConfig,
    secret: { client_secret: bed.clientSecret.value },
  });
  return await localServer(({ line, headers }) => {
    const url = new URL(line.split(' ')[1] ?? '', 'http://imds');
    const ask = { path: url.pathname, query: Object.fromEntries(url.searchParams), headers };
    const proof = headers['metadata'] === 'true' || headers['x-identity-header'] === 'hush';
    if (!proof) return { status: 400, body: '{"error":"invalid_request"}' };
    return (
      instead(ask) ?? {
        body: JSON.stringify({
          access_token: token.token,
          expires_in: String((token.expiresAt - bed.clock.now()) / 1000),
          expires_on: String(token.expiresAt / 1000),
          resource: ask.query['resource'],
          token_type: 'Bearer',
        }),
      }
    );
  });
}

/** What a client asked, without the probes. */
export function asked({ seen }: LocalServer): readonly Asked[] {
  return seen
    .map(({ line, headers }) => {
      const url = new URL(line.split(' ')[1] ?? '', 'http://imds');
      return { path: url.pathname, query: Object.fromEntries(url.searchParams), headers };
    })
    .filter(({ query }) => query['resource'] !== undefined);
}
