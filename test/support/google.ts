import { onTestFinished } from 'vitest';

import { startGoogleStandIn } from '../../src/stand-ins/google/server.ts';
import type { GoogleStandIn } from '../../src/stand-ins/google/server.ts';
import type { ServiceAccount, User } from '../../src/stand-ins/google/accounts.ts';
import type { FakeClock } from './fake-clock.ts';
import { fakeClock } from './fake-clock.ts';

/** A small Google: one project with two buckets, and a service account and a person who may use them. */
export interface TestGoogle {
  readonly google: GoogleStandIn;
  readonly clock: FakeClock;
  readonly project: string;
  readonly robot: ServiceAccount;
  readonly person: User;
  /** A fresh key file of the service account, as JSON text. */
  keyFile(): string;
  /** The person's login, as JSON text. */
  readonly userFile: string;
  /** Attributes of a `service-account` connector. */
  readonly keyAttributes: Record<string, string>;
  /** Attributes of a `user-account` connector. */
  readonly userAttributes: Record<string, string>;
  /** Variables that lead the daemon's upstream calls here. */
  readonly env: Record<string, string>;
}

export const PROJECT = 'data-prod';
const GCLOUD_SCOPES = [
  'openid',
  'https://www.googleapis.com/auth/userinfo.email',
  'https://www.googleapis.com/auth/cloud-platform',
  'https://www.googleapis.com/auth/sqlservice.login',
];

/** `systemTime`: for clients in processes of their own, which live by the machine's clock. Gone with the test. */
export async function testGoogle(options: { systemTime?: boolean } = {}): Promise<TestGoogle> {
  const world = await openGoogle(options);
  onTestFinished(() => world.google.stop());
  return world;
}

/** The same; who opens it stops it. */
export async function openGoogle({ systemTime = false } = {}): Promise<TestGoogle> {
  const clock = fakeClock();
  const google = await startGoogleStandIn(systemTime ? {} : { clock });
  const robot = google.accounts.addServiceAccount({ name: 'robot', project: PROJECT });
  const person = google.accounts.addUser({
    email: 'ada@example.com',
    consentedScopes: GCLOUD_SCOPES,
  });
  for (const member of [`serviceAccount:${robot.email}`, `user:${person.email}`]) {
    google.buckets.allow(member, `projects/${PROJECT}`, 'roles/storage.admin');
  }
  google.buckets.add({ name: 'zenfiles', project: PROJECT, objects: { 'runs/1.txt': 'one' } });
  google.buckets.add({ name: 'payroll', project: PROJECT, objects: { 'june.csv': 'secret' } });
  const keyFile = () => JSON.stringify(robot.keyFile());
  const userFile = JSON.stringify(person.authorizedUser());
  return {
    google,
    clock,
    project: PROJECT,
    robot,
    person,
    keyFile,
    userFile,
    keyAttributes: { service_account_json: keyFile() },
    userAttributes: { user_account_json: userFile, project_id: PROJECT },
    env: { ...google.variables },
  };
}
