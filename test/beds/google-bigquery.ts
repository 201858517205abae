import { createServer } from 'node:http';

import type { GoogleStandIn } from '../../src/stand-ins/google/server.ts';
import type { Namespace } from './netns.ts';
import { listenOnLoopback } from './process.ts';

/** What `bq` has to be told of the one method that it calls. https://developers.google.com/discovery/v1/reference/apis */
const DISCOVERY = {
  kind: 'discovery#restDescription',
  name: 'bigquery',
  version: 'v2',
  basePath: '/bigquery/v2/',
  servicePath: 'bigquery/v2/',
  parameters: {},
  schemas: { DatasetList: { id: 'DatasetList', type: 'object', properties: {} } },
  resources: {
    datasets: {
      methods: {
        list: {
          id: 'bigquery.datasets.list',
          path: 'projects/{projectId}/datasets',
          httpMethod: 'GET',
          response: { $ref: 'DatasetList' },
          parameters: {
            projectId: { type: 'string', required: true, location: 'path' },
            maxResults: { type: 'integer', format: 'uint32', location: 'query' },
            pageToken: { type: 'string', location: 'query' },
            all: { type: 'boolean', location: 'query' },
            filter: { type: 'string', location: 'query' },
          },
        },
      },
    },
  },
} as const;

export interface BigQuery {
  /** `http://127.0.0.1:PORT`, for `bq --api`; the same inside the namespace. */
  readonly url: string;
  stop(): Promise<void>;
}

/** As much of BigQuery as `bq ls` needs: one dataset, named after the account whose live token asks. */
export async function startBigQuery(
  google: GoogleStandIn,
  namespace: Namespace,
): Promise<BigQuery> {
  let url = '';
  const server = createServer((request, response) => {
    const json = (status: number, body: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    const { pathname } = new URL(request.url ?? '/', url);
    if (pathname === '/$discovery/rest') {
      json(200, { ...DISCOVERY, rootUrl: `${url}/`, baseUrl: `${url}/bigquery/v2/` });
      return;
    }
    const bearer = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
    const principal = google.tokens.live(bearer, Date.now())?.principal;
    const [, project] = /^\/bigquery\/v2\/projects\/([^/]+)\/datasets$/.exec(pathname) ?? [];
    if (principal?.kind !== 'service-account' || project === undefined) {
      const error = principal === undefined ? { code: 401 } : { code: 404 };
      json(error.code, { error: { ...error, message: 'refused', errors: [] } });
      return;
    }
    const datasetId = `of_${principal.email.split('@')[0] ?? ''}`;
    const datasetReference = { datasetId, projectId: project };
    json(200, { datasets: [{ id: `${project}:${datasetId}`, datasetReference }] });
  });
  const port = await listenOnLoopback(server);
  url = `http://127.0.0.1:${port}`;
  await namespace.reach(port);
  return {
    url,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
