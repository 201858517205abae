import { createHash, createPublicKey, randomUUID, sign, X509Certificate } from 'node:crypto';
import { onTestFinished } from 'vitest';

import type { App } from '../../src/stand-ins/azure/apps.ts';
import type { StorageAccount, Subscription } from '../../src/stand-ins/azure/estate.ts';
import { startAzureStandIn } from '../../src/stand-ins/azure/server.ts';
import type { AzureStandIn, AzureStandInOptions } from '../../src/stand-ins/azure/server.ts';
import type { User } from '../../src/stand-ins/azure/users.ts';
import type { Tenant } from '../../src/stand-ins/azure/directory.ts';
import { certificate } from '../../src/stand-ins/google/certificate.ts';
import { createKeySource } from '../../src/stand-ins/google/rsa-keys.ts';
import type { FakeClock } from './fake-clock.ts';
import { fakeClock } from './fake-clock.ts';

/** A small Azure: one tenant with a subscription and two storage accounts, an app and a person who may use them. */
export interface TestAzure {
  readonly azure: AzureStandIn;
  readonly clock: FakeClock;
  readonly tenant: Tenant;
  readonly app: App;
  readonly person: User;
  readonly subscription: Subscription;
  /** `acmedata` with `zenfiles` and `models` in it; `acmelake`, which has directories, with `payroll`. */
  readonly accounts: { readonly data: StorageAccount; readonly lake: StorageAccount };
  /** A fresh client secret of the app. */
  secret(): string;
  /** A certificate of the app, with its private key behind it: PEM. */
  readonly certificatePem: string;
  /** The same certificate's SHA-1, in upper-case hex. */
  readonly thumbprint: string;
  /** A token that the app's federated credential takes; `claims` replace what stands there. */
  federatedToken(claims?: Readonly<Record<string, unknown>>): string;
  /** A refresh token of the person, as the Azure CLI gets one. */
  refreshToken(): string;
  /** Attributes of a `service-principal` connector. */
  readonly secretAttributes: Record<string, string>;
  /** Attributes of a `client-certificate` connector. */
  readonly certificateAttributes: Record<string, string>;
  /** Attributes of a `federated-token` connector, but for where its token is. */
  readonly appAttributes: Record<string, string>;
  /** Attributes of a `user-account` connector. */
  readonly userAttributes: Record<string, string>;
  /** Attributes of an `access-token` connector: a token for Resource Manager, or what is said. */
  tokenAttributes(audience?: string): Promise<Record<string, string>>;
  /** Variables that lead the daemon's upstream calls here. */
  readonly env: Record<string, string>;
}

const FEDERATED_ISSUER = 'https://token.actions.githubusercontent.com';
const FEDERATED_SUBJECT = 'repo:acme/train:ref:refs/heads/main';

export interface TestAzureOptions extends Pick<AzureStandInOptions, 'tls' | 'host' | 'port'> {
  /** For clients in processes of their own, which live by the machine's clock. */
  readonly systemTime?: boolean;
}

/** Gone with the test. */
export async function testAzure(options: TestAzureOptions = {}): Promise<TestAzure> {
  const world = await openAzure(options);
  onTestFinished(() => world.azure.stop());
  return world;
}

/** The same; who opens it stops it. */
export async function openAzure({
  systemTime = false,
  ...listen
}: TestAzureOptions = {}): Promise<TestAzure> {
  const clock = fakeClock();
  const azure = await startAzureStandIn({
    ...listen,
    ...(systemTime ? {} : { clock }),
    plainCountsAsTls: true,
  });
  const now = (): number => (systemTime ? Date.now() : clock.now());
  const { directory, estate, grants, blobs } = azure;
  const tenant = directory.addTenant({ domain: 'example.com' });
  const app = directory.addApp({ tenant: tenant.id, name: 'robot' });
  const person = directory.addUser({ tenant: tenant.id, upn: 'ada@example.com' });
  const subscription = estate.addSubscription({ tenant: tenant.id, name: 'Data' });
  const into = { subscription: subscription.id };
  const data = estate.addStorageAccount({ name: 'acmedata', ...into });
  const lake = estate.addStorageAccount({ name: 'acmelake', hierarchical: true, ...into });
  for (const { objectId } of [app, person]) {
    grants.grant(objectId, 'Reader', `/subscriptions/${subscription.id}`);
    grants.grant(objectId, 'Storage Blob Data Owner', `/subscriptions/${subscription.id}`);
  }
  blobs.add({ account: data.name, name: 'zenfiles', blobs: { 'runs/1.txt': 'one' } });
  blobs.add({ account: data.name, name: 'models' });
  blobs.add({ account: lake.name, name: 'payroll', blobs: { '2026/june.csv': 'secret' } });

  const { pem, key, thumbprint } = appCertificate(now());
  app.addCertificate(pem);
  const jwk = { ...createPublicKey(key).export({ format: 'jwk' }), kid: 'issuer-1' };
  app.addFederatedCredential({
    issuer: FEDERATED_ISSUER,
    subject: FEDERATED_SUBJECT,
    jwks: { keys: [jwk] },
  });
  const appAttributes = { tenant_id: tenant.id, client_id: app.clientId };
  const certificatePem = `${pem}${key.export({ type: 'pkcs8', format: 'pem' }).toString()}`;
  const secret = (): string => app.addSecret().value;
  const secretAttributes = { ...appAttributes, client_secret: secret() };

  return {
    azure,
    clock,
    tenant,
    app,
    person,
    subscription,
    accounts: { data, lake },
    secret,
    certificatePem,
    thumbprint,
    federatedToken(claims = {}) {
      const seconds = Math.floor(now() / 1000);
      const all = {
        iss: FEDERATED_ISSUER,
        sub: FEDERATED_SUBJECT,
        aud: 'api://AzureADTokenExchange',
        jti: randomUUID(),
        iat: seconds,
        nbf: seconds,
        exp: seconds + 300,
        ...claims,
      };
      const text = [{ alg: 'RS256', typ: 'JWT', kid: 'issuer-1' }, all]
        .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
        .join('.');
      return `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`;
    },
    refreshToken: () => person.refreshToken(),
    secretAttributes,
    certificateAttributes: { ...appAttributes, client_certificate: certificatePem },
    appAttributes,
    userAttributes: { tenant_id: tenant.id },
    async tokenAttributes(audience = 'https://management.azure.com/') {
      const { token } = azure.tokens.issue({
        principal: {
          kind: 'app',
          tenantId: tenant.id,
          objectId: app.objectId,
          clientId: app.clientId,
          name: app.name,
        },
        audience,
        via: 'test',
        clientId: app.clientId,
        proof: '1',
        now: now(),
      });
      return { token };
    },
    env: { ...azure.variables },
  };
}

function appCertificate(now: number) {
  const source = createKeySource();
  source.next(); // the stand-in's own
  const pair = source.next();
  const pem = certificate(pair, 'robot', now);
  const thumbprint = createHash('sha1')
    .update(new X509Certificate(pem).raw)
    .digest('hex')
    .toUpperCase();
  return { pem, key: pair.privateKey, thumbprint };
}
