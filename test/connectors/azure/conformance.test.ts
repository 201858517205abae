import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { onTestFinished } from 'vitest';

import azure from '../../../src/connectors/azure/index.ts';
import { secret } from '../../../src/core/secret.ts';
import { describeAuthMethods, type MethodSpecimen } from '../../conformance/auth-method.ts';
import { describeResourceTypes } from '../../conformance/resource-type.ts';
import { SUBSCRIPTION } from '../../support/azure-identities.ts';
import { bodyOf, certified, cloudOf, issueBy, onMachine, openBed, total, type Bed } from './bed.ts';
import { folder } from './certificates.ts';
import { imds } from './imds-bed.ts';

/** A fresh stand-in with one application and one person; `make` says how a method is set up on it. */
function specimen(
  make: (
    bed: Bed,
  ) => Promise<Partial<MethodSpecimen> & Pick<MethodSpecimen, 'config' | 'longLived'>>,
): () => Promise<MethodSpecimen> {
  return async () => {
    const bed = await openBed();
    const made = await make(bed);
    const { faults } = bed.azure;
    onTestFinished(() => faults.clear());
    return {
      machine: bed.machine,
      cloud: bed.cloud,
      secret: {},
      calls: () => total(bed),
      async outage(during) {
        await faults.down();
        await during();
        await faults.up();
      },
      async denial(during) {
        const end = faults.add('*', { kind: 'error', code: 'AADSTS53003', status: 400 });
        await during();
        end();
      },
      ...made,
    };
  };
}

describeAuthMethods(azure, {
  specimens: {
    'service-principal': specimen(async ({ appConfig, clientSecret }) => ({
      config: appConfig,
      secret: { client_secret: clientSecret.value },
      longLived: [clientSecret.value],
    })),
    'client-certificate': specimen(async ({ app, appConfig, clock }) => {
      const { key, certificate } = certified(clock.now());
      app.addCertificate(certificate);
      return {
        config: { ...appConfig, send_chain: 'true' },
        secret: { client_certificate: `${key}${certificate}` },
        longLived: bodyOf(key),
      };
    }),
    'federated-token': specimen(async ({ appConfig, federatedToken }) => {
      const token = federatedToken();
      const file = join(folder(), 'token');
      writeFileSync(file, token);
      return { config: { ...appConfig, token_file: file }, longLived: [token] };
    }),
    'user-account': specimen(async ({ person }) => {
      const token = person.refreshToken();
      return { config: {}, login: { refresh_token: secret(token) }, longLived: [token] };
    }),
    'managed-identity': specimen(async (bed) => {
      let answer: { readonly status: number; readonly body: string } | undefined;
      const server = await imds(bed, () => answer);
      const env = { AZURE_POD_IDENTITY_AUTHORITY_HOST: server.url };
      const { machine, cloud } = onMachine(bed, { env, allow: [bed.app.clientId] });
      const during = async (status: number, run: () => Promise<void>): Promise<void> => {
        answer = { status, body: '' };
        await run();
        answer = undefined;
      };
      return {
        machine,
        cloud,
        config: {},
        longLived: [bed.clientSecret.value],
        calls: () => server.seen.length,
        outage: async (run) => await during(503, run),
        denial: async (run) => await during(403, run),
      };
    }),
    'access-token': specimen(async (bed) => {
      const stored = { config: bed.appConfig, secret: { client_secret: bed.clientSecret.value } };
      const { token, expiresAt } = await issueBy('service-principal', bed, stored);
      return { config: {}, secret: { token }, expiresAt, longLived: [] };
    }),
    implicit: specimen(async (bed) => {
      const env = {
        AZURE_TENANT_ID: bed.tenant.id,
        AZURE_CLIENT_ID: bed.app.clientId,
        AZURE_CLIENT_SECRET: bed.clientSecret.value,
      };
      const machine = {
        ...bed.machine,
        env: { ...bed.machine.env, ...env },
        implicit: { allow: [bed.app.clientId] },
      };
      return { machine, cloud: cloudOf(machine), config: {}, longLived: [bed.clientSecret.value] };
    }),
  },
  offline: {
    'access-token': 'the stored token is handed on as it is',
  },
});

describeResourceTypes(azure, {
  config: { subscription_id: SUBSCRIPTION },
  ids: {
    'azure-generic': {
      good: [SUBSCRIPTION, SUBSCRIPTION.toUpperCase()],
      bad: [
        'my-subscription',
        '00000000-0000-0000-0000-000000000000',
        `/subscriptions/${SUBSCRIPTION}`,
      ],
    },
    'blob-container': {
      good: [
        'az://acmedata/zenfiles',
        'az://acmedata/$web',
        'https://acmedata.blob.core.windows.net/zenfiles/',
        'abfss://zenfiles@acmedata.dfs.core.windows.net',
        'wasbs://zenfiles@acmedata.blob.core.windows.net/',
      ],
      bad: [
        'zenfiles',
        'az://zenfiles',
        'az://acmedata/zenfiles/runs',
        'az://ACMEDATA/zenfiles',
        'az://acmedata/zen--files',
        'az://acmedata/-zen',
        's3://acmedata/zenfiles',
        'https://acmedata.blob.core.windows.net.evil.com/zenfiles',
        'https://acmedata.blob.core.windows.net/zenfiles?sv=2023-11-03&sig=x',
        'https://acmedata.blob.core.windows.net@evil.com/zenfiles',
        'abfss://acmedata.dfs.core.windows.net/zenfiles',
        'abfss://zenfiles@a@acmedata.dfs.core.windows.net',
      ],
    },
  },
});
