import { expect, test } from 'vitest';

import { testDaemon } from '../support/daemon.ts';
import { azureBed } from './azure-bed.ts';
import type { AzureBed } from './azure-bed.ts';

/*
 * A daemon whose variables lead it to a valetkey daemon, which may be itself: the identity of the
 * machine is not to be had there, and what another workload was granted is not to be borrowed.
 */

type Variables = (bed: AzureBed) => Record<string, string>;

const WAYS: readonly (readonly [string, Variables])[] = [
  ['the metadata service', ({ daemon }) => ({ AZURE_POD_IDENTITY_AUTHORITY_HOST: daemon.baseUrl })],
  [
    'App Service',
    ({ daemon, bearer }) => ({
      IDENTITY_ENDPOINT: `${daemon.baseUrl}/msi/token`,
      IDENTITY_HEADER: bearer,
    }),
  ],
  [
    'Terraform’s path',
    ({ daemon, bearer }) => ({
      AZURE_POD_IDENTITY_AUTHORITY_HOST: `${daemon.baseUrl}/azure/${bearer}`,
    }),
  ],
];

test.for(WAYS)('a managed identity by %s of a valetkey daemon is none', async ([, variables]) => {
  const bed = await azureBed();
  const other = await testDaemon({
    env: { ...bed.env, ...variables(bed) },
    clock: bed.clock,
    config: `listeners: []\npolicy: { implicit: { allow: ["${bed.app.clientId}"] } }\n`,
  });
  const registered = other.api.register({
    name: 'machine',
    type: 'azure',
    auth_method: 'managed-identity',
    attributes: {},
    verify: true,
  });
  await expect(registered).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    reason: expect.stringContaining('valetkey daemon') as unknown,
  });
  expect(bed.exchanges()).toBe(0);
  expect(other.logText()).not.toContain(bed.bearer);
});
