import { describe, expect, test } from 'vitest';

import type { Endpoint } from '../../src/endpoints/contract.ts';
import { fieldsOfJson } from '../support/json.ts';
import type { CloudUnderTest } from './endpoint-cloud.ts';

/** Session keys as JSON, errors with a word in `Code`. */
export const AWS: CloudUnderTest = {
  good: { Expiration: '2026-11-02T10:00:00Z' },
  renew(world) {
    world.session = { ...world.session, accessKeyId: 'ASIARENEWEDEXAMPLE00' };
    return { AccessKeyId: 'ASIARENEWEDEXAMPLE00' };
  },
  expectError({ body }) {
    const fields = fieldsOfJson(body);
    expect(fields).toMatchObject({
      Code: expect.stringMatching(/^[A-Z]\w+$/),
      Message: expect.stringMatching(/./),
    });
    expect(fields['Code']).not.toBe('Success');
    expect(fields).not.toHaveProperty('AccessKeyId');
  },
  variables: describeVariables,
};

/** Rows 116 and 117, and what they are for: the client finds this endpoint and no other. */
function describeVariables(endpoint: Endpoint): void {
  const input = {
    baseUrl: 'http://127.0.0.1:9911',
    tokenFile: '/run/user/1000/valetkey/token',
    token: 'S',
    region: 'eu-west-1',
  };
  describe('variables', () => {
    test('lead to the literal address, and nothing stronger is left', () => {
      const { set, clear } = endpoint.variables(input);
      expect(Object.values(set)).toContainEqual(
        expect.stringMatching(/^http:\/\/127\.0\.0\.1:9911/),
      );
      expect(clear.filter((name) => name in set)).toEqual([]);
      expect(set).toMatchObject({ AWS_REGION: 'eu-west-1', AWS_DEFAULT_REGION: 'eu-west-1' });
      expect(set['no_proxy']).toBe(set['NO_PROXY']);
      expect(set['NO_PROXY']?.split(',')).toEqual(
        expect.arrayContaining(['127.0.0.1', '169.254.169.254', '[fd00:ec2::23]']),
      );
      expect(clear).toEqual(
        expect.arrayContaining([
          'AWS_ACCESS_KEY_ID',
          'AWS_SECRET_ACCESS_KEY',
          'AWS_SESSION_TOKEN',
          'AWS_PROFILE',
          'AWS_DEFAULT_PROFILE',
          'AWS_WEB_IDENTITY_TOKEN_FILE',
          'AWS_ROLE_ARN',
          'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
        ]),
      );
    });

    test('no region: the person’s own is left alone', () => {
      const { set, clear } = endpoint.variables({ ...input, region: undefined });
      for (const name of ['AWS_REGION', 'AWS_DEFAULT_REGION']) {
        expect(set).not.toHaveProperty(name);
        expect(clear).not.toContain(name);
      }
    });
  });
}
