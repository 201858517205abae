import { describe, expect, it } from 'vitest';

import type { AccountInput } from '../../../src/connectors/contract.ts';
import { accountFrom } from '../../../src/connectors/gcp/account.ts';
import gcpGeneric from '../../../src/connectors/gcp/resource-types/gcp-generic.ts';
import gcsBucket from '../../../src/connectors/gcp/resource-types/gcs-bucket.ts';
import { DEFAULT_SCOPES } from '../../../src/connectors/gcp/scopes.ts';
import type { ResourceRequest } from '../../../src/core/credential.ts';

const auth = (name: string) => `https://www.googleapis.com/auth/${name}`;
const ROBOT = 'robot@data-prod.iam.gserviceaccount.com';
const WHOLE: ResourceRequest = { type: 'gcp-generic', access: 'full' };
const BUCKET: ResourceRequest = { type: 'gcs-bucket', id: 'gs://zenfiles', access: 'read' };
const BUCKETS: ResourceRequest = { type: 'gcs-bucket', access: 'read' };

const accountOf = accountFrom({ 'gcp-generic': gcpGeneric, 'gcs-bucket': gcsBucket });

function account(over: Partial<AccountInput> = {}, config: AccountInput['config'] = {}) {
  return accountOf({
    method: 'service-account',
    config: { project_id: 'data-prod', account_email: ROBOT, ...config },
    resources: [WHOLE],
    ...over,
  });
}

describe('the account that a metadata server tells', () => {
  it('is the connector’s, with Google’s usual scopes', () => {
    expect(account({}, { project_number: '123456789012' })).toMatchObject({
      email: ROBOT,
      projectId: 'data-prod',
      projectNumber: '123456789012',
      universeDomain: 'googleapis.com',
      scopes: DEFAULT_SCOPES,
      audiences: 'any',
      quotaProject: undefined,
    });
  });

  it('is the impersonated one, and of another universe, where the connector says so', () => {
    const target = 'deploy@data-prod.iam.gserviceaccount.com';
    expect(
      account(
        { method: 'impersonation' },
        { target_principal: target, universe_domain: 'apis.example' },
      ),
    ).toMatchObject({ email: target, universeDomain: 'apis.example', audiences: 'any' });
  });

  it('without an e-mail is called as GKE calls it', () => {
    expect(account({}, { account_email: undefined }).email).toBe('data-prod.svc.id.goog');
  });

  it('has the scopes of the connector, or of the grant', () => {
    const config = { scopes: [auth('bigquery'), auth('devstorage.full_control')] };
    expect(account({}, config).scopes).toEqual(config.scopes);
    const scopes = [auth('devstorage.read_only')];
    const limited = account({ resources: [{ ...WHOLE, scopes }] }, config);
    expect(limited.scopes).toEqual(scopes);
    expect(limited.askable).toEqual([
      'email',
      auth('devstorage.read_only'),
      auth('userinfo.email'),
      'openid',
    ]);
    // Who limits a grant to scopes does not mean to hand out the whole identity beside them.
    expect(limited.audiences).toEqual([]);
  });

  it('reads scopes of a file that a person wrote as one text', () => {
    expect(account({}, { scopes: `${auth('bigquery')}, ${auth('pubsub')}` }).scopes).toEqual([
      auth('bigquery'),
      auth('pubsub'),
    ]);
  });

  it('clients may ask for what the scopes include, and for nothing more', () => {
    const { askable } = account();
    expect(askable).toContain(auth('devstorage.read_only'));
    expect(askable).not.toContain(auth('drive'));
  });

  it('an unlimited grant beside a limited one makes the whole unlimited', () => {
    const both = account({ resources: [BUCKET, WHOLE] });
    expect(both).toMatchObject({ scopes: DEFAULT_SCOPES, audiences: 'any' });
    expect(both.askable).toContain(auth('bigquery'));
  });

  it('a bucket’s token carries the widest scope, bounded otherwise: no choice, no identity', () => {
    expect(account({ resources: [BUCKET], audiences: ['https://a.example'] })).toMatchObject({
      scopes: [auth('cloud-platform')],
      askable: undefined,
      audiences: [],
    });
  });

  it('a bucket’s token of a connector without the widest scope carries the connector’s own', () => {
    const scopes = [auth('devstorage.read_only')];
    expect(account({ resources: [BUCKET] }, { scopes }).scopes).toEqual(scopes);
  });

  it('all buckets are a scope', () => {
    const all = account({ resources: [BUCKETS] });
    expect(all).toMatchObject({ scopes: [auth('devstorage.read_only')], audiences: [] });
    expect(all.askable).not.toContain(auth('devstorage.read_write'));
  });

  it('a stored token’s scopes are not to be chosen', () => {
    expect(account({ method: 'oauth2-token' }).askable).toBeUndefined();
    expect(account({ method: 'user-account' }).askable).toContain(auth('devstorage.read_only'));
  });

  it.each(['user-account', 'oauth2-token'])('%s has no identity tokens', (method) => {
    expect(account({ method }).audiences).toEqual([]);
  });

  it('a delegated token speaks for a person, who has no identity tokens', () => {
    expect(account({}, { subject: 'ann@example.com' })).toMatchObject({
      email: 'ann@example.com',
      audiences: [],
    });
  });

  it('a person’s calls are counted against a project', () => {
    expect(account({ method: 'user-account' }).quotaProject).toBe('data-prod');
    const own = account({ method: 'user-account' }, { quota_project: 'billing-prod' });
    expect(own.quotaProject).toBe('billing-prod');
  });

  it('a federation can prove itself only through a service account', () => {
    const method = 'external-account';
    expect(account({ method }).audiences).toBe('any');
    expect(account({ method }, { account_email: undefined }).audiences).toEqual([]);
  });

  it('a grant limited to scopes may name audiences', () => {
    const resources = [{ ...WHOLE, scopes: [auth('devstorage.read_only')] }];
    expect(account({ resources, audiences: ['https://a.example'] }).audiences).toEqual([
      'https://a.example',
    ]);
  });

  it('audiences are those of the grant', () => {
    expect(account({ audiences: ['https://a.example'] }).audiences).toEqual(['https://a.example']);
  });

  it.each([
    [
      'a scope that the connector does not have',
      'OUT_OF_SCOPE',
      [{ ...WHOLE, scopes: [auth('drive')] }],
    ],
    ['a text that is no scope', 'INPUT_INVALID', [{ ...WHOLE, scopes: ['everything'] }]],
    ['a bucket beside all buckets', 'INPUT_INVALID', [BUCKET, BUCKETS]],
    [
      'write access beyond the connector’s scopes',
      'OUT_OF_SCOPE',
      [{ ...BUCKET, access: 'write' }],
    ],
  ] as const)('%s is refused', (_, code, resources) => {
    expect(() => account({ resources }, { scopes: [auth('devstorage.read_only')] })).toThrow(
      expect.objectContaining({ code }),
    );
  });
});
