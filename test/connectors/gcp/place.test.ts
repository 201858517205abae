import { describe, expect, it } from 'vitest';
import { z } from 'zod';

import {
  accountFields,
  gcpPlace,
  placeFields,
  placeOf,
} from '../../../src/connectors/gcp/place.ts';

const config = z.strictObject({ ...placeFields, ...accountFields });
const accepts = (field: string, value: unknown): boolean =>
  config.safeParse({ project_id: 'data-prod', [field]: value }).success;

describe('fields of a connector', () => {
  it.each([
    ['project_id', 'data-prod-123456', true],
    ['project_id', 'example.com:data-prod', true],
    ['project_id', '123456789012', false],
    ['project_id', 'Data Prod', false],
    ['project_id', 'data-prod/../other', false],
    ['project_id', 'a'.repeat(31), false],
    ['project_number', '123456789012', true],
    ['project_number', 'data-prod', false],
    ['account_email', 'robot@data-prod.iam.gserviceaccount.com', true],
    ['account_email', 'robot@data-prod', false],
    ['account_email', 'robot@x.com/keys', false],
    ['account_email', 'a b@x.com', false],
    ['account_email', 'a\u001b]0;x\u0007@x.com', false],
    ['account_email', 'a\u202e@x.com', false],
    ['account_email', 'jürgen@x.com', true],
    ['sts_endpoint', 'https://sts.example/v1?key=1', false],
    ['iamcredentials_endpoint', 'https://iam.example/#x', false],
    ['storage_endpoint', 'https://storage.example/?', false],
    ['account_email', `${'a'.repeat(250)}@x.com`, false],
    ['scopes', 'openid,https://www.googleapis.com/auth/devstorage.read_only', true],
    ['scopes', ['openid'], true],
    ['scopes', '', false],
    ['scopes', [], false],
    ['scopes', ['two words'], false],
    ['scopes', ['quo"te'], false],
    ['scopes', ['back\\slash'], false],
    ['scopes', ['ünï'], false],
    ['scopes', ['a'.repeat(513)], false],
    ['universe_domain', 'example.goog', true],
    ['universe_domain', 'goog', false],
    ['universe_domain', 'example.goog/', false],
    ['universe_domain', '.example.goog', false],
    ['quota_project', 'billed-1', true],
    ['quota_project', 'B', false],
  ])('%s = %j: %s', (field, value, good) => {
    expect(accepts(field, value)).toBe(good);
  });

  it.each(['token_endpoint', 'sts_endpoint', 'iamcredentials_endpoint', 'storage_endpoint'])(
    '%s goes by https, or stays near',
    (field) => {
      expect(accepts(field, 'https://tokens.example/token')).toBe(true);
      expect(accepts(field, 'http://127.0.0.1:8080/token')).toBe(true);
      expect(accepts(field, 'http://tokens.example/token')).toBe(false);
      expect(accepts(field, 'https://user:pw@tokens.example/token')).toBe(false);
      expect(accepts(field, 'tokens.example')).toBe(false);
      expect(accepts(field, 'file:///etc/passwd')).toBe(false);
    },
  );
});

it('a place is read from any method’s configuration alike', () => {
  const fields = {
    universe_domain: 'example.goog',
    token_endpoint: 'https://t.example/token',
    sts_endpoint: 'https://s.example',
    iamcredentials_endpoint: 'https://i.example',
    storage_endpoint: 'https://o.example/storage/v1',
  };
  expect(placeOf({ ...fields, scopes: ['openid'], extra: 7 })).toEqual(gcpPlace(fields));
  expect(gcpPlace({}).universeDomain).toBe('googleapis.com');
});
