import { describe, expect, test } from 'vitest';

import type { Endpoint } from '../../src/endpoints/contract.ts';
import { ENDPOINTS } from '../../src/endpoints/index.ts';
import { AZURE_IDENTITIES, SUBSCRIPTION, TENANT } from '../support/azure-identities.ts';

const appService = ENDPOINTS['azure-app-service'];
const imds = ENDPOINTS['azure-imds'];
const all: readonly Endpoint[] = [
  appService,
  imds,
  ENDPOINTS['azure-arc'],
  ENDPOINTS['azure-cloud-shell'],
];

const baseUrl = 'http://127.0.0.1:9911';
const input = {
  baseUrl,
  tokenFile: undefined,
  token: 'S3cret',
  region: undefined,
  account: AZURE_IDENTITIES[0],
};

describe('variables of Azure’s endpoints', () => {
  test('App Service, which every current client knows; Terraform’s secret is in the path', () => {
    expect(appService.variables(input).set).toMatchObject({
      IDENTITY_ENDPOINT: `${baseUrl}/msi/token`,
      IDENTITY_HEADER: 'S3cret',
      ARM_USE_MSI: 'true',
      ARM_MSI_ENDPOINT: `${baseUrl}/azure/S3cret/metadata/identity/oauth2/token`,
      ARM_TENANT_ID: TENANT,
      ARM_SUBSCRIPTION_ID: SUBSCRIPTION,
    });
  });

  test('without a secret there is no path with one, nor a word for Terraform', () => {
    const { set } = appService.variables({ ...input, token: undefined });
    expect(Object.keys(set).filter((name) => name.startsWith('ARM_'))).toEqual([]);
    expect(set).not.toHaveProperty('IDENTITY_HEADER');
  });

  test('the metadata service at another address', () => {
    const endpoint = `${baseUrl}/metadata/identity/oauth2/token`;
    expect(imds.variables(input).set).toMatchObject({
      AZURE_POD_IDENTITY_AUTHORITY_HOST: baseUrl,
      AZURE_MSI_ENDPOINT: endpoint,
      ARM_MSI_ENDPOINT: endpoint,
    });
  });

  test('MSI_* mean three protocols: set only where one of them is asked for, the secret never', () => {
    const setting = all.filter((one) => 'MSI_ENDPOINT' in one.variables(input).set);
    expect(setting.map(({ kind }) => kind)).toEqual(['azure-cloud-shell']);
    for (const one of all) expect(one.variables(input).clear).toContain('MSI_SECRET');
  });

  test('one protocol at a time: what would select another is unset, not blank', () => {
    const selecting = ['IDENTITY_HEADER', 'IMDS_ENDPOINT', 'IDENTITY_SERVER_THUMBPRINT'];
    const of = ({ kind, variables }: Endpoint) => [
      kind,
      selecting.filter((name) => name in variables(input).set),
    ];
    expect(all.map(of)).toEqual([
      ['azure-app-service', ['IDENTITY_HEADER']],
      ['azure-imds', []],
      ['azure-arc', ['IMDS_ENDPOINT']],
      ['azure-cloud-shell', []],
    ]);
    for (const one of all) {
      const { set, clear } = one.variables(input);
      for (const name of selecting) expect(name in set || clear.includes(name)).toBe(true);
      expect(Object.values(set)).not.toContain('');
    }
  });

  test('row 150: neither spelling of the proxy’s exceptions leaves us out', () => {
    for (const one of all) {
      const { set } = one.variables(input);
      for (const name of ['NO_PROXY', 'no_proxy']) {
        expect(set[name]?.split(',')).toEqual(
          expect.arrayContaining(['127.0.0.1', 'localhost', '169.254.169.254']),
        );
      }
    }
  });

  test('a default chain does not end at the person’s own login', () => {
    for (const one of all) {
      expect(one.variables(input).set).toMatchObject({ AZURE_TOKEN_CREDENTIALS: 'prod' });
    }
  });

  test('no identity is named: without a name every client gets the granted one', () => {
    for (const one of all) {
      const { set, clear } = one.variables(input);
      for (const name of ['AZURE_CLIENT_ID', 'ARM_CLIENT_ID', 'AZCOPY_MSI_CLIENT_ID']) {
        expect(set).not.toHaveProperty(name);
        expect(clear).toContain(name);
      }
    }
  });

  test('a Google account is none of Azure', () => {
    const google = {
      cloud: 'google',
      email: 'x@y',
      projectId: 'p',
      universeDomain: 'googleapis.com',
      scopes: [],
      audiences: [],
    } as const;
    expect(appService.variables({ ...input, account: google }).set).not.toHaveProperty(
      'ARM_TENANT_ID',
    );
  });
});
