import { SUBSCRIPTION, TENANT } from '../../support/azure-identities.ts';
import type { Expectation, Vector } from '../vector.ts';
import { as, error, INVALID, NOT_FOUND, on, withMetadata } from './expected.ts';

const I = '/metadata/instance';
const NEW = 'api-version=2021-12-13';

const COMPUTE = {
  azEnvironment: 'AzurePublicCloud',
  location: 'westeurope',
  name: 'app',
  resourceGroupName: 'rg-app',
  resourceId: `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg-app/providers/Microsoft.Compute/virtualMachines/app`,
  subscriptionId: SUBSCRIPTION,
  tags: 'team:data;env:dev',
  vmId: /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  vmSize: 'custom',
};

const json = (fields: Expectation['json']): Expectation => ({
  status: 200,
  headers: { 'content-type': 'application/json' },
  json: fields,
});

const text = (body: string): Expectation => ({
  status: 200,
  headers: { 'content-type': 'text/plain; charset=utf-8' },
  body,
});

const unasked: readonly Vector[] = [
  ...[true, false].map((flavored): Vector => ({
    row: flavored ? 88 : 87,
    name: `there is no IMDS 2, ${flavored ? 'with' : 'without'} the header`,
    request: 'GET /metadata/identity/getplatformmetadata?cred-api-version=2.0',
    headers: flavored ? { Metadata: 'true' } : {},
    expect: NOT_FOUND,
  })),
  ...[true, false].map((flavored): Vector => ({
    row: 89,
    name: `nor a certificate, ${flavored ? 'with' : 'without'} the header`,
    request: 'POST /metadata/identity/issuecredential?cred-api-version=2.0',
    headers: flavored ? { Metadata: 'true' } : {},
    expect: NOT_FOUND,
  })),
  ...[I, `${I}/compute`, '/metadata/versions', '/metadata/identity/info'].map((path): Vector => ({
    row: 95,
    name: `without the header: ${path}`,
    request: `GET ${path}?${NEW}`,
    expect: error(400, 'invalid_request', /Metadata/),
  })),
  ...['/', '/favicon.ico', '/latest/meta-data/', '/computeMetadata/v1/', '/msi/token'].map(
    (path): Vector => ({
      row: 100,
      name: `there is nothing at ${path}`,
      request: `GET ${path}`,
      expect: { status: 404, headers: { 'content-type': 'application/json' } },
      over: 'socket',
    }),
  ),
  ...['/machine/?comp=goalstate', '/vmAgentLog'].map((path): Vector => ({
    row: 101,
    name: `there is no wire server: ${path}`,
    request: `POST ${path}`,
    expect: { status: 404, headers: { 'content-type': 'application/json' } },
    over: 'socket',
  })),
];

const lines: readonly Vector[] = [
  {
    row: 90,
    name: 'the instance',
    request: `GET ${I}?${NEW}`,
    expect: {
      ...json({ network: { interface: [] } }),
      body: /^\{"compute":\{"azEnvironment":"AzurePublicCloud",/,
      fields: ['compute', 'network'],
    },
  },
  {
    row: 90,
    name: 'in another cloud',
    given: (world) => {
      const [first] = world.caller.identities;
      if (first === undefined) throw new Error('no identity');
      as({ identities: [{ ...first, environment: 'AzureChinaCloud' }] })(world);
    },
    request: `GET ${I}/compute?${NEW}`,
    expect: json({ azEnvironment: 'AzureChinaCloud' }),
  },
  {
    row: 90,
    name: 'format=json is what is given anyway',
    request: `GET ${I}?${NEW}&format=json`,
    expect: { ...json({}), fields: ['compute', 'network'] },
  },
  {
    row: 91,
    name: 'compute',
    request: `GET ${I}/compute?api-version=2021-02-01`,
    expect: json(COMPUTE),
  },
  {
    row: 91,
    name: 'compute, with a slash behind it',
    request: `GET ${I}/compute/?api-version=2021-02-01`,
    expect: json(COMPUTE),
  },
  {
    row: 91,
    name: 'compute without a region: nobody is to take that for one',
    given: on({ location: undefined }),
    request: `GET ${I}/compute?api-version=2021-02-01`,
    expect: NOT_FOUND,
  },
  {
    row: 90,
    name: 'the instance without a region',
    given: on({ location: undefined }),
    request: `GET ${I}?${NEW}`,
    expect: { ...json({}), body: /^(?!.*location)/ },
  },
  ...['2020-06-01', '2021-01-01', '2017-04-02'].map((version): Vector => ({
    row: 92,
    name: `the region, ${version}`,
    request: `GET ${I}/compute/location?api-version=${version}&format=text`,
    expect: text('westeurope'),
  })),
  {
    row: 92,
    name: 'no region',
    given: on({ location: undefined }),
    request: `GET ${I}/compute/location?api-version=2020-06-01&format=text`,
    expect: NOT_FOUND,
  },
  {
    row: 92,
    name: 'a value in a list',
    request: `GET ${I}/compute/tagsList/1/value?${NEW}&format=text`,
    expect: text('dev'),
  },
  {
    row: 92,
    name: 'the names, of which one has more below',
    request: `GET ${I}?${NEW}&format=text`,
    expect: text('compute/\nnetwork/'),
  },
  ...['', '&format=json'].map((format): Vector => ({
    row: 93,
    name: `a single value as JSON${format}`,
    request: `GET ${I}/compute/location?${NEW}${format}`,
    expect: error(400, 'invalid_request', /format=text/),
  })),
  ...['/compute/nothing', '/compute/location/x', '/constructor', '/compute/tagsList/length'].map(
    (path): Vector => ({
      row: 93,
      name: `there is nothing at ${path}`,
      request: `GET ${I}${path}?${NEW}&format=text`,
      expect: NOT_FOUND,
    }),
  ),
  {
    row: 93,
    name: 'a format that is none',
    request: `GET ${I}?${NEW}&format=xml`,
    expect: error(400, 'invalid_request', /format/),
  },
  ...[I, `${I}/compute`, `${I}/compute/location`].map((path): Vector => ({
    row: 94,
    name: `no api-version: the newest are told at ${path}`,
    request: `GET ${path}?format=json`,
    expect: {
      status: 400,
      headers: { 'content-type': 'application/json' },
      json: {
        error: /api-version/,
        'newest-versions': ['2023-07-01', '2021-12-13', '2021-11-15'],
      },
      fields: ['error', 'newest-versions'],
    },
  })),
  {
    row: 94,
    name: 'an api-version that is none',
    request: `GET ${I}?api-version=1999-01-01`,
    expect: INVALID,
  },
  {
    row: 95,
    name: 'nobody is told of no instance',
    given: (world) => void (world.nobody = true),
    request: `GET ${I}?${NEW}`,
    expect: { ...error(403, 'forbidden'), told: /nobody/ },
  },
  {
    row: 96,
    name: 'versions',
    request: 'GET /metadata/versions',
    expect: {
      ...json({}),
      body: /^\{"apiVersions":\["2017-04-02",.*"2018-02-01",.*"2023-07-01"\]\}$/,
    },
  },
  {
    row: 97,
    name: 'the tenant',
    request: 'GET /metadata/identity/info?api-version=2018-02-01',
    expect: { ...json({ tenantId: TENANT }), fields: ['tenantId'] },
  },
  {
    row: 97,
    name: 'the tenant, without an api-version',
    request: 'GET /metadata/identity/info',
    expect: INVALID,
  },
  {
    row: 97,
    name: 'no identity, no tenant',
    given: as({ identities: [] }),
    request: 'GET /metadata/identity/info?api-version=2018-02-01',
    expect: NOT_FOUND,
  },
  {
    row: 98,
    name: 'no attested document: its key is Microsoft’s',
    request: 'GET /metadata/attested/document?api-version=2020-09-01&nonce=1234567890',
    expect: NOT_FOUND,
  },
  {
    row: 99,
    name: 'no scheduled events',
    request: 'GET /metadata/scheduledevents?api-version=2020-07-01',
    expect: NOT_FOUND,
  },
  ...['POST', 'PUT'].map((method): Vector => ({
    row: 90,
    name: `${method}: the instance is read`,
    request: `${method} ${I}?${NEW}`,
    expect: { ...error(405, 'method_not_allowed'), headers: { allow: 'GET' } },
  })),
];

export const about: readonly Vector[] = [...unasked, ...lines.map(withMetadata)];
