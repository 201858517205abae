import { describe, expect, test } from 'vitest';

import type { Endpoint } from '../../src/endpoints/contract.ts';
import { GOOGLE_ACCOUNTS } from '../support/google-accounts.ts';
import type { CloudUnderTest } from './endpoint-cloud.ts';

/** Access tokens as JSON, errors as one plain sentence. */
export const GOOGLE: CloudUnderTest = {
  good: { expires_in: 3600, token_type: 'Bearer' },
  renew(world) {
    world.token = { ...world.token, token: 'ya29.plantedAccessToken.renewed' };
    return { access_token: 'ya29.plantedAccessToken.renewed' };
  },
  expectError({ status, headers, body }) {
    expect(status).toBeGreaterThanOrEqual(400);
    // 429 and 500 are for nobody: the one makes Python wait for what is in memory, the other is a crash in gcloud.
    expect([400, 403, 404, 503]).toContain(status);
    expect(headers).toMatchObject({
      'content-type': 'text/plain; charset=utf-8',
      'metadata-flavor': 'Google',
    });
    expect(body).toMatch(/^[^\n<>{}]{10,300}$/);
  },
  variables: describeVariables,
};

function describeVariables(endpoint: Endpoint): void {
  const input = {
    baseUrl: 'http://127.0.0.1:9911',
    tokenFile: '/run/user/1000/valetkey/token',
    token: 'S',
    region: 'eu-west-1',
    account: GOOGLE_ACCOUNTS[0],
  };
  describe('variables', () => {
    test('lead to the literal address, and nothing stronger is left', () => {
      const { set, clear } = endpoint.variables(input);
      expect(Object.values(set)).toContain('127.0.0.1:9911');
      expect(clear.filter((name) => name in set)).toEqual([]);
      expect(set['no_proxy']).toBe(set['NO_PROXY']);
      expect(set['NO_PROXY']?.split(',')).toEqual(
        expect.arrayContaining(['127.0.0.1', '169.254.169.254', 'metadata.google.internal']),
      );
      expect(clear).toEqual(
        expect.arrayContaining([
          'GOOGLE_APPLICATION_CREDENTIALS',
          'GOOGLE_OAUTH_ACCESS_TOKEN',
          'CLOUDSDK_AUTH_ACCESS_TOKEN',
          'CLOUDSDK_AUTH_ACCESS_TOKEN_FILE',
          'CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE',
          'CLOUDSDK_CORE_ACCOUNT',
          'NO_GCE_CHECK',
        ]),
      );
    });

    test('no account: the person’s own project is left alone', () => {
      const { set, clear } = endpoint.variables({ ...input, account: undefined });
      for (const name of ['GOOGLE_CLOUD_PROJECT', 'CLOUDSDK_CORE_PROJECT', 'GCLOUD_PROJECT']) {
        expect(set).not.toHaveProperty(name);
        expect(clear).not.toContain(name);
      }
    });
  });
}
