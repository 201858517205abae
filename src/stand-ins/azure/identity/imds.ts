import { nameOf } from '../principals.ts';
import { refusal } from '../refusal.ts';
import type { Refusal } from '../refusal.ts';
import { jsonReply } from '../reply.ts';
import type { AzureReply } from '../reply.ts';
import type { AzureRequest } from '../request.ts';
import type { Call, Route } from '../service.ts';
import type { Identities, IdentityProblem } from './identities.ts';
import { readWanted } from './parameters.ts';

const TOKEN_PATH = /^\/metadata\/identity\/oauth2\/token\/?$/;

/** Published ones since identities came. https://learn.microsoft.com/azure/virtual-machines/instance-metadata-service#supported-api-versions */
const VERSIONS = new Set(
  `2018-02-01 2018-04-02 2018-10-01 2019-02-01 2019-03-11 2019-04-30 2019-06-01 2019-06-04
  2019-08-01 2019-08-15 2019-11-01 2020-06-01 2020-07-15 2020-09-01 2020-10-01 2020-12-01
  2021-01-01 2021-02-01 2021-03-01 2021-05-01 2021-10-01 2021-11-01 2021-11-15 2021-12-13
  2023-07-01 2023-11-15`.split(/\s+/),
);

const SELECTORS = {
  client_id: 'clientId',
  object_id: 'objectId',
  msi_res_id: 'resourceId',
  mi_res_id: 'resourceId',
} as const;

/** `{error, error_description}`, as the instance metadata service says it. */
export function imdsRefusal(
  status: number,
  error: string,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): Refusal {
  return refusal(error, text, () => jsonReply({ error, error_description: text }, status, headers));
}

/** The token path of 169.254.169.254. */
export function imdsRoutes(identities: Identities): readonly Route[] {
  const route = (method: string, run: (call: Call) => AzureReply): Route => ({
    service: 'identity',
    method,
    path: TOKEN_PATH,
    name: () => 'imds',
    run,
  });
  return [
    route('GET', (call) => token(identities, call)),
    ...['POST', 'PUT', 'DELETE', 'HEAD'].map((method) =>
      route(method, () => {
        throw imdsRefusal(405, 'method_not_allowed', 'Only GET is allowed.');
      }),
    ),
  ];
}

function token(identities: Identities, { request, visit }: Call): AzureReply {
  checkCaller(request);
  const version = request.query.get('api-version') ?? '';
  if (!VERSIONS.has(version)) {
    throw imdsRefusal(
      400,
      'invalid_request',
      `api-version '${version}' is missing or not supported.`,
    );
  }
  const wanted = readWanted(request, SELECTORS);
  if (typeof wanted === 'string') throw imdsRefusal(400, 'invalid_request', wanted);
  visit.target = wanted.resource;
  const found = identities.token(wanted.selector, wanted.resource, 'identity:imds', visit.now);
  if (typeof found === 'string') throw problem(found, wanted.resource);
  const { identity, issued } = found;
  visit.principal = nameOf(issued.principal);
  const expiresOn = Math.floor(issued.expiresAt / 1000);
  // All strings, numbers too.
  return jsonReply({
    access_token: issued.token,
    client_id: identity.clientId,
    expires_in: String(issued.expiresIn),
    expires_on: String(expiresOn),
    ext_expires_in: String(issued.expiresIn),
    not_before: String(expiresOn - issued.expiresIn - 300),
    resource: wanted.resource,
    token_type: 'Bearer',
  });
}

function checkCaller({ headers }: AzureRequest): void {
  if (headers.has('x-forwarded-for')) {
    throw imdsRefusal(400, 'bad_request', 'Requests that were forwarded are not allowed.');
  }
  if (headers.get('metadata') !== 'true') {
    throw imdsRefusal(400, 'bad_request_102', 'Required metadata header not specified');
  }
}

function problem(what: IdentityProblem, resource: string): Refusal {
  switch (what) {
    case 'not-found':
      return imdsRefusal(400, 'invalid_request', 'Identity not found');
    case 'several':
      return imdsRefusal(
        400,
        'invalid_request',
        'Multiple user assigned identities exist, please specify the clientId / resourceId of the identity in the token request',
      );
    case 'resource':
      return imdsRefusal(
        400,
        'invalid_resource',
        `AADSTS500011: The resource principal named ${resource} was not found in the tenant.`,
      );
  }
}
