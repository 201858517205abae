import { describe, expect, test } from 'vitest';

import type { Endpoint } from '../../src/endpoints/contract.ts';
import { AZURE_IDENTITIES, entraToken } from '../support/azure-identities.ts';
import type { RawReply } from '../support/raw-http.ts';
import { fieldsOfJson } from '../support/json.ts';
import type { CloudUnderTest } from './endpoint-cloud.ts';

/** What the suite asks a token for. */
export const RESOURCE = 'https://management.azure.com/';

/** What an error looks like in each of the shapes. */
const IMDS_ERROR = {
  error: expect.stringMatching(/^[a-z_]+$/),
  error_description: expect.stringMatching(/./),
};
const APP_SERVICE_ERROR = {
  statusCode: expect.any(Number),
  message: expect.stringMatching(/./),
  correlationId: expect.stringMatching(/^[0-9a-f-]{36}$/),
};
const CLOUD_SHELL_ERROR = {
  error: { code: expect.stringMatching(/^[a-z_]+$/), message: expect.stringMatching(/./) },
};

/** Tokens as JSON strings, errors as JSON in a shape of the protocol's own. */
function azure(error: object): CloudUnderTest {
  return {
    good: { token_type: 'Bearer', expires_in: '3600', client_id: AZURE_IDENTITIES[0].clientId },
    renew(world) {
      world.azure.renew('renewed');
      const [identity] = AZURE_IDENTITIES;
      const mark = 'renewed0';
      const { token } = entraToken(identity, [`${RESOURCE}/.default`], world.clock.now(), { mark });
      return { access_token: token };
    },
    head: 405,
    expectError: (reply) => expectError(reply, error),
    variables: describeVariables,
  };
}

export const AZURE_IMDS = azure(IMDS_ERROR);
export const AZURE_APP_SERVICE = azure(APP_SERVICE_ERROR);
export const AZURE_CLOUD_SHELL = azure(CLOUD_SHELL_ERROR);

function expectError({ status, headers, body }: RawReply, error: object): void {
  // 401 is a challenge to clients, and 404, 410 and 500 are asked again for a minute.
  expect([400, 403, 429, 503]).toContain(status);
  expect(headers['content-type']).toBe('application/json');
  expect(headers['retry-after'] !== undefined).toBe(status === 429 || status === 503);
  const fields = fieldsOfJson(body);
  expect(fields).toMatchObject(error);
  expect(Object.keys(fields).sort()).toEqual(Object.keys(error).sort());
  if (status === 403) expect(body).not.toMatch(/unreachable/i);
}

function describeVariables(endpoint: Endpoint): void {
  const input = {
    baseUrl: 'http://127.0.0.1:9911',
    tokenFile: '/run/user/1000/valetkey/token',
    token: 'S',
    region: undefined,
    account: AZURE_IDENTITIES[0],
  };
  describe('variables', () => {
    test('lead to the literal address, and nothing stronger is left', () => {
      const { set, clear } = endpoint.variables(input);
      expect(Object.values(set)).toContainEqual(
        expect.stringMatching(/^http:\/\/127\.0\.0\.1:9911/),
      );
      expect(clear.filter((name) => name in set)).toEqual([]);
      expect(set['no_proxy']).toBe(set['NO_PROXY']);
      expect(set['NO_PROXY']?.split(',')).toEqual(
        expect.arrayContaining(['127.0.0.1', 'localhost', '169.254.169.254']),
      );
      expect([...clear, ...Object.keys(set)]).toEqual(
        expect.arrayContaining(['IDENTITY_ENDPOINT', 'IMDS_ENDPOINT', 'MSI_ENDPOINT']),
      );
      expect(clear).toEqual(
        expect.arrayContaining([
          'MSI_SECRET',
          'IDENTITY_SERVER_THUMBPRINT',
          'AZURE_CLIENT_ID',
          'AZURE_TENANT_ID',
          'AZURE_CLIENT_SECRET',
          'AZURE_CLIENT_CERTIFICATE_PATH',
          'AZURE_FEDERATED_TOKEN_FILE',
          'AZURE_USERNAME',
          'AZURE_PASSWORD',
          'ARM_CLIENT_SECRET',
          'ARM_CLIENT_ID',
        ]),
      );
      expect(Object.values(set)).not.toContain('');
    });

    test('no account: no tenant is made up', () => {
      const { set } = endpoint.variables({ ...input, account: undefined });
      for (const name of ['ARM_TENANT_ID', 'ARM_SUBSCRIPTION_ID']) {
        expect(set).not.toHaveProperty(name);
      }
    });
  });
}
