import { randomBytes, randomUUID, X509Certificate } from 'node:crypto';
import type { JsonObject } from '../google/json.ts';
import type { Principal } from './principals.ts';

export interface AppOptions {
  /** Tenant id of its home. */
  readonly tenant: string;
  readonly name: string;
  /** "Allow public client flows": device codes and refreshing without a secret. */
  readonly publicClient?: boolean;
}

export interface FederatedCredential {
  readonly issuer: string;
  readonly subject: string;
  /** Default: what Microsoft recommends, `api://AzureADTokenExchange`. */
  readonly audience?: string;
  /** Keys of the issuer: RFC 7517. */
  readonly jwks: { readonly keys: readonly JsonObject[] };
}

export interface ClientSecret {
  readonly keyId: string;
  readonly value: string;
  /** ms since the epoch. */
  readonly expiresAt: number;
}

/** An app registration, and what its owner can do to it. */
export interface App {
  readonly clientId: string;
  /** Of the service principal in the home tenant: roles are given to it. */
  readonly objectId: string;
  readonly tenant: string;
  readonly name: string;
  /** `expiresIn`: seconds, default two years; an id of a secret is no secret. */
  addSecret(options?: { readonly expiresIn?: number }): ClientSecret;
  removeSecret(keyId: string): void;
  /** A public certificate, PEM. Returns its SHA-1 thumbprint in upper-case hex. */
  addCertificate(pem: string): string;
  removeCertificate(thumbprint: string): void;
  /** Subject name and issuer: any certificate of that common name, issued by this one, sent as x5c. */
  trustSubject(subject: { readonly commonName: string; readonly issuerPem: string }): void;
  addFederatedCredential(credential: FederatedCredential): void;
  disable(): void;
  enable(): void;
  /** Consents to the app in another tenant; gives the object id of its service principal there. */
  allowTenant(tenant: string): string;
}

export interface AppState {
  readonly app: App;
  readonly publicClient: boolean;
  readonly secrets: Map<string, ClientSecret>;
  readonly certificates: Map<string, X509Certificate>;
  readonly subjects: { readonly commonName: string; readonly issuer: X509Certificate }[];
  readonly federated: FederatedCredential[];
  /** Tenant id → object id of the service principal. */
  readonly places: Map<string, string>;
  disabled: boolean;
}

const TWO_YEARS = 2 * 365 * 24 * 3600;

export function createApp(options: AppOptions, now: () => number): AppState {
  const clientId = randomUUID();
  const objectId = randomUUID();
  const secrets: AppState['secrets'] = new Map();
  const certificates: AppState['certificates'] = new Map();
  const subjects: AppState['subjects'] = [];
  const federated: FederatedCredential[] = [];
  const places = new Map([[options.tenant, objectId]]);
  const state: AppState = {
    app: {
      clientId,
      objectId,
      tenant: options.tenant,
      name: options.name,
      addSecret({ expiresIn = TWO_YEARS } = {}) {
        const secret: ClientSecret = {
          keyId: randomUUID(),
          // 40 characters with a tilde, as the portal shows them: it must survive form encoding.
          value: `${randomBytes(3).toString('hex').slice(0, 3)}8Q~${randomBytes(26).toString('base64url').slice(0, 34)}`,
          expiresAt: now() + expiresIn * 1000,
        };
        secrets.set(secret.keyId, secret);
        return secret;
      },
      removeSecret: (keyId) => void secrets.delete(keyId),
      addCertificate(pem) {
        const certificate = new X509Certificate(pem);
        const thumbprint = certificate.fingerprint.replaceAll(':', '');
        certificates.set(thumbprint, certificate);
        return thumbprint;
      },
      removeCertificate: (thumbprint) => void certificates.delete(thumbprint),
      trustSubject: ({ commonName, issuerPem }) =>
        void subjects.push({ commonName, issuer: new X509Certificate(issuerPem) }),
      addFederatedCredential: (credential) => void federated.push(credential),
      disable: () => void (state.disabled = true),
      enable: () => void (state.disabled = false),
      allowTenant(tenant) {
        const own = places.get(tenant) ?? randomUUID();
        places.set(tenant, own);
        return own;
      },
    },
    publicClient: options.publicClient ?? false,
    secrets,
    certificates,
    subjects,
    federated,
    places,
    disabled: false,
  };
  return state;
}

/** The service principal of an app in a tenant. */
export function servicePrincipal(state: AppState, tenantId: string): Principal {
  const { clientId, name } = state.app;
  const objectId = state.places.get(tenantId);
  if (objectId === undefined) throw new Error('the app is not in that tenant');
  return { kind: 'app', tenantId, objectId, clientId, name };
}
