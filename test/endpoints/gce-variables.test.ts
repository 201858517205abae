import { describe, expect, test } from 'vitest';

import gceMetadata from '../../src/endpoints/gcp/gce-metadata.ts';
import { GOOGLE_ACCOUNTS, PROJECT } from '../support/google-accounts.ts';

const [ACCOUNT] = GOOGLE_ACCOUNTS;
const input = {
  baseUrl: 'http://127.0.0.1:9911',
  tokenFile: undefined,
  token: undefined,
  region: undefined,
  account: ACCOUNT,
};

describe('variables of the metadata server', () => {
  test('all three addresses, without a scheme: each is the only one that some client reads', () => {
    for (const [baseUrl, host] of [
      ['http://127.0.0.1:9911', '127.0.0.1:9911'],
      ['http://[::1]:9911', '[::1]:9911'],
    ] as const) {
      expect(gceMetadata.variables({ ...input, baseUrl }).set).toMatchObject({
        GCE_METADATA_HOST: host,
        GCE_METADATA_ROOT: host,
        GCE_METADATA_IP: host,
      });
    }
  });

  test('Node is spared its ping by a value that every version of it knows', async () => {
    const known = await Promise.all(
      ['google-auth-library', 'google-auth-library-10'].map(async (name) => {
        const library = await import(name);
        return Object.keys(library.gcpMetadata.METADATA_SERVER_DETECTION);
      }),
    );
    for (const values of known) {
      expect(values).toContain(gceMetadata.variables(input).set['METADATA_SERVER_DETECTION']);
    }
  });

  test('the project, and nothing older that would win over it', () => {
    const { set, clear } = gceMetadata.variables(input);
    expect(set).toMatchObject({ GOOGLE_CLOUD_PROJECT: PROJECT, CLOUDSDK_CORE_PROJECT: PROJECT });
    expect(clear).toContain('GCLOUD_PROJECT');
  });

  test('an unknown project is not an empty one', () => {
    const { set, clear } = gceMetadata.variables({
      ...input,
      account: { ...ACCOUNT, projectId: '' },
    });
    expect(set).not.toHaveProperty('GOOGLE_CLOUD_PROJECT');
    expect(clear).not.toContain('GCLOUD_PROJECT');
  });

  test('a person’s token needs a project that its calls are counted against; no other may have one', () => {
    const quota = { GOOGLE_CLOUD_QUOTA_PROJECT: 'mine', CLOUDSDK_BILLING_QUOTA_PROJECT: 'mine' };
    const account = { ...ACCOUNT, quotaProject: 'mine' };
    const person = gceMetadata.variables({ ...input, account });
    expect(person.set).toMatchObject(quota);
    const machine = gceMetadata.variables(input);
    expect(machine.clear).toEqual(expect.arrayContaining(Object.keys(quota)));
    for (const name of Object.keys(quota)) {
      expect(machine.set).not.toHaveProperty(name);
      expect(person.clear).not.toContain(name);
    }
  });
});
