import { startAzureStandIn } from '../stand-ins/azure/server.ts';
import type { AzureStandIn } from '../stand-ins/azure/server.ts';
import { startGoogleStandIn } from '../stand-ins/google/server.ts';
import type { GoogleStandIn } from '../stand-ins/google/server.ts';
import { startAwsStandIn } from '../stand-ins/aws/server.ts';
import type { AwsStandIn } from '../stand-ins/aws/server.ts';

/** The embedded Google of the demo: one service account with a key, two buckets. */
export interface DemoGoogle {
  readonly google: GoogleStandIn;
  /** The key file, as a person would have downloaded it. */
  readonly keyFile: string;
  readonly privateKey: string;
}

/** The embedded Azure of the demo: one application with a client secret, one storage account. */
export interface DemoAzure {
  readonly azure: AzureStandIn;
  readonly tenantId: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Where the account's blobs are. */
  readonly blobs: string;
}

/** The embedded AWS of the demo: one person with a long-lived key, one role, two buckets. */
export interface DemoAws {
  readonly aws: AwsStandIn;
  readonly roleArn: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export const BUCKET = 'zenfiles';
export const OTHER_BUCKET = 'payroll';
export const KEY = 'train.csv';
const ACCOUNT = 'mlresearch';
/** What the application's tokens may be for, and what they may not. */
export const AUDIENCE = 'https://storage.azure.com';
export const OTHER_AUDIENCE = 'https://management.azure.com';

export async function startDemoAws(): Promise<DemoAws> {
  const aws = await startAwsStandIn();
  const person = aws.accounts.addUser({ name: 'ada' });
  const role = aws.accounts.putRole({
    name: 'ml-training',
    trust: {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { AWS: person.arn }, Action: 'sts:AssumeRole' }],
    },
    policies: [
      { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }] },
    ],
  });
  for (const name of [BUCKET, OTHER_BUCKET]) {
    aws.buckets.add(name);
    aws.buckets.put(name, KEY, Buffer.from('x,y\n1,2\n'));
  }
  const { accessKeyId, secretAccessKey } = person;
  return { aws, roleArn: role.arn, accessKeyId, secretAccessKey };
}

export async function startDemoGoogle(): Promise<DemoGoogle> {
  const google = await startGoogleStandIn();
  const project = 'ml-research';
  const account = google.accounts.addServiceAccount({ name: 'training', project });
  google.buckets.allow(
    `serviceAccount:${account.email}`,
    `projects/${project}`,
    'roles/storage.admin',
  );
  for (const name of [BUCKET, OTHER_BUCKET]) {
    google.buckets.add({ name, project, objects: { [KEY]: 'x,y\n1,2\n' } });
  }
  const key = account.keyFile();
  return { google, keyFile: JSON.stringify(key), privateKey: String(key['private_key']) };
}

export async function startDemoAzure(): Promise<DemoAzure> {
  const azure = await startAzureStandIn({ plainCountsAsTls: true });
  const { directory, estate, grants, blobs } = azure;
  const tenant = directory.addTenant({ domain: 'ml-research.example' });
  const app = directory.addApp({ tenant: tenant.id, name: 'training' });
  const subscription = estate.addSubscription({ tenant: tenant.id, name: 'Research' });
  const account = estate.addStorageAccount({ name: ACCOUNT, subscription: subscription.id });
  grants.grant(app.objectId, 'Storage Blob Data Reader', account.id);
  blobs.add({ account: account.name, name: BUCKET, blobs: { [KEY]: 'x,y\n1,2\n' } });
  return {
    azure,
    tenantId: tenant.id,
    clientId: app.clientId,
    clientSecret: app.addSecret().value,
    blobs: azure.blobEndpoint(account.name),
  };
}
