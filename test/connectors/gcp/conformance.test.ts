import { onTestFinished } from 'vitest';

import gcp from '../../../src/connectors/gcp/index.ts';
import { describeAuthMethods, type MethodSpecimen } from '../../conformance/auth-method.ts';
import { describeResourceTypes } from '../../conformance/resource-type.ts';
import { PROJECT } from '../../support/google.ts';
import { cloudOf, issueBy, openBed, type Bed } from './bed.ts';
import { federate } from './federation-bed.ts';

/** A fresh stand-in with one service account and one person; `make` says how a method is set up on it. */
function specimen(
  make: (
    bed: Bed,
  ) => Promise<Partial<MethodSpecimen> & Pick<MethodSpecimen, 'config' | 'longLived'>>,
): () => Promise<MethodSpecimen> {
  return async () => {
    const bed = await openBed();
    const made = await make(bed);
    const { faults, calls } = bed.google;
    onTestFinished(() => faults.clear());
    return {
      machine: bed.machine,
      cloud: bed.cloud,
      secret: {},
      calls: () => Object.values(calls.all()).reduce((sum, count) => sum + count, 0),
      async outage(during) {
        await faults.down();
        await during();
        await faults.up();
      },
      async denial(during) {
        const end = faults.add('*', { kind: 'error', code: 'access_denied', status: 403 });
        await during();
        end();
      },
      ...made,
    };
  };
}

/** The lines between a PEM's first and last. */
const bodyOf = (keyFile: string): string[] => {
  const { private_key: pem } = JSON.parse(keyFile) as { private_key: string };
  return pem.split('\n').slice(1, -2);
};

describeAuthMethods(gcp, {
  specimens: {
    'service-account': specimen(async ({ keyFile }) => {
      const json = keyFile();
      return {
        config: { project_id: PROJECT, scopes: 'openid' },
        secret: { service_account_json: json },
        longLived: bodyOf(json),
      };
    }),
    'user-account': specimen(async ({ userFile, person }) => ({
      config: { project_id: PROJECT },
      secret: { user_account_json: userFile },
      longLived: [person.authorizedUser().refresh_token, person.client.clientSecret],
    })),
    'oauth2-token': specimen(async (bed) => {
      const secret = { service_account_json: bed.keyFile() };
      const { token, expiresAt } = await issueBy('service-account', bed, { secret });
      return { config: { project_id: PROJECT }, secret: { token }, expiresAt, longLived: [] };
    }),
    'external-account': specimen(async (bed) => {
      const { impersonating, token } = federate(bed);
      return {
        config: { project_id: PROJECT, scopes: 'openid' },
        secret: { external_account_json: impersonating() },
        longLived: [token],
      };
    }),
    impersonation: specimen(async (bed) => {
      const { google, person, robot, userFile } = bed;
      const member = `user:${person.email}`;
      google.accounts.grant({ member, role: 'tokenCreator', on: robot.email });
      return {
        config: { target_principal: robot.email },
        secret: { user_account_json: userFile },
        longLived: [person.authorizedUser().refresh_token, person.client.clientSecret],
      };
    }),
    implicit: specimen(async (bed) => {
      const { person, userFile } = bed;
      const file = federate(bed).files.write('adc.json', userFile);
      const machine = {
        ...bed.machine,
        env: { ...bed.machine.env, GOOGLE_APPLICATION_CREDENTIALS: file },
        implicit: { allow: [person.email] },
      };
      return {
        machine,
        cloud: cloudOf(machine),
        config: { project_id: PROJECT },
        longLived: [person.authorizedUser().refresh_token, person.client.clientSecret],
      };
    }),
  },
  offline: {
    'oauth2-token': 'the stored token is handed on as it is',
  },
});

describeResourceTypes(gcp, {
  config: { project_id: PROJECT },
  ids: {
    'gcp-generic': { good: [PROJECT], bad: ['another-project', 'gs://zenfiles'] },
    'gcs-bucket': {
      good: [
        'zenfiles',
        'gs://zenfiles',
        'gs://zenfiles/runs/1',
        "gs://zenfiles/it's/",
        'gs://data.example.com/a_b',
        '//storage.googleapis.com/projects/_/buckets/zenfiles',
      ],
      bad: [
        'ZenFiles',
        's3://zenfiles',
        'https://storage.googleapis.com/zenfiles',
        '192.168.5.4',
        'goog-files',
        'gs://zenfiles/a\nb',
      ],
    },
  },
});
