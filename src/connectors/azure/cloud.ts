import type { Secret } from '../../core/secret.ts';

/** The clouds of Microsoft, and what differs between them. */
export type AzureEnvironment = 'public' | 'us-government' | 'china';

/**
 * Where Azure is asked. An absent endpoint is that of `environment`; the machine's variables
 * (`AZURE_AUTHORITY_HOST`, and for tests and compatible services `VALETKEY_AZURE_ARM_ENDPOINT`,
 * `VALETKEY_AZURE_BLOB_ENDPOINT`) come after the connector's word. https only, or near.
 */
export interface AzurePlace {
  readonly environment: AzureEnvironment;
  /** `https://login.microsoftonline.com` */
  readonly authorityHost?: string | undefined;
  /** `https://management.azure.com` */
  readonly armEndpoint?: string | undefined;
  /** Base of one account's blobs, where it is not `https://<account>.blob.core.windows.net`. */
  readonly blobEndpoint?: string | undefined;
}

/** What Entra handed out. `expiresAt` (ms since the epoch) is by the machine's clock when it was asked for. */
export interface EntraToken {
  readonly token: Secret;
  readonly expiresAt: number;
  /** Claims of the token, as far as it is a JWT that can be read; never verified, for people alone. */
  readonly claims: {
    readonly tenantId?: string | undefined;
    readonly objectId?: string | undefined;
    readonly clientId?: string | undefined;
    readonly name?: string | undefined;
    readonly audience?: string | undefined;
  };
}

/** An application, in the tenant where the token is wanted. */
export interface EntraApp {
  /** GUID or domain. */
  readonly tenantId: string;
  readonly clientId: string;
}

/** What is asked for. */
export interface EntraAsk {
  /** `https://management.azure.com//.default`: the resource byte for byte, and `/.default`. */
  readonly scope: string;
  /** Another tenant than the application's own, of those that the connector allows. */
  readonly tenantId?: string | undefined;
}

export interface CertificateKey {
  /** Certificate and private key, PEM. */
  readonly pem: Secret;
  /** Sends the chain along (subject name and issuer authentication). */
  readonly sendChain: boolean;
}

/** A person's refresh token. */
export interface PersonLogin extends EntraApp {
  readonly refreshToken: Secret;
}

export interface PersonToken extends EntraToken {
  /** Entra gives a new one with nearly every answer; the old one goes on to work for a while. */
  readonly refreshToken?: Secret | undefined;
}

/**
 * Entra's token endpoint. Nothing is retried here: the broker does that. Errors are mapped once by
 * their AADSTS number, which is the `upstreamCode` (`AADSTS7000215`); Microsoft's text only in `cause`.
 * https://learn.microsoft.com/entra/identity-platform/reference-error-codes
 */
export interface Entra {
  clientSecret(
    app: EntraApp & { readonly secret: Secret },
    ask: EntraAsk,
    place: AzurePlace,
    signal: AbortSignal,
  ): Promise<EntraToken>;
  clientCertificate(
    app: EntraApp & { readonly certificate: CertificateKey },
    ask: EntraAsk,
    place: AzurePlace,
    signal: AbortSignal,
  ): Promise<EntraToken>;
  /** Workload identity federation: a token of another issuer in the place of a secret. */
  clientAssertion(
    app: EntraApp & { readonly assertion: Secret },
    ask: EntraAsk,
    place: AzurePlace,
    signal: AbortSignal,
  ): Promise<EntraToken>;
  refresh(
    login: PersonLogin,
    ask: EntraAsk,
    place: AzurePlace,
    signal: AbortSignal,
  ): Promise<PersonToken>;
  /** RFC 8628. `poll` runs until the person confirms, denies or `expiresAt`. */
  startDevice(
    app: EntraApp,
    place: AzurePlace,
    signal: AbortSignal,
  ): Promise<{
    readonly url: string;
    readonly userCode: string;
    readonly expiresAt: number;
    poll(signal: AbortSignal): Promise<PersonToken>;
  }>;
  /** valetkey itself runs in Azure: IMDS or App Service, by the machine's variables; never our own endpoint. */
  managedIdentity(
    selector: {
      readonly clientId?: string | undefined;
      readonly objectId?: string | undefined;
      readonly resourceId?: string | undefined;
    },
    resource: string,
    signal: AbortSignal,
  ): Promise<EntraToken>;
}

/** Azure Resource Manager as discovery uses it. */
export interface Arm {
  listSubscriptions(
    token: Secret,
    place: AzurePlace,
    signal: AbortSignal,
  ): AsyncIterable<
    readonly { readonly id: string; readonly name: string; readonly tenantId: string }[]
  >;
  listStorageAccounts(
    token: Secret,
    subscriptionId: string,
    place: AzurePlace,
    signal: AbortSignal,
  ): AsyncIterable<readonly StorageAccount[]>;
}

export interface StorageAccount {
  readonly name: string;
  readonly resourceGroup: string;
  /** Are its directories real (a data lake)? A SAS for one directory needs that. */
  readonly hierarchical: boolean;
  /** A URL without a slash at its end. */
  readonly blobEndpoint: string;
}

export interface UserDelegationKey {
  readonly objectId: string;
  readonly tenantId: string;
  /** ISO 8601 UTC, as the service wrote them: they are signed. */
  readonly start: string;
  readonly expiry: string;
  readonly service: string;
  readonly version: string;
  readonly value: Secret;
}

/** Blob storage as discovery, verification and SAS use it. */
export interface Blobs {
  listContainers(
    token: Secret,
    account: string,
    place: AzurePlace,
    signal: AbortSignal,
  ): AsyncIterable<readonly string[]>;
  /** One blob at most: proves that listing is allowed. Throws `UPSTREAM_DENIED`, `UPSTREAM_INVALID` (no such container). */
  probeList(
    token: Secret,
    at: { readonly account: string; readonly container: string },
    place: AzurePlace,
    signal: AbortSignal,
  ): Promise<void>;
  /** https://learn.microsoft.com/rest/api/storageservices/get-user-delegation-key; at most 7 days. */
  userDelegationKey(
    token: Secret,
    account: string,
    /** ms since the epoch. */
    life: { readonly start: number; readonly expiry: number },
    place: AzurePlace,
    signal: AbortSignal,
  ): Promise<UserDelegationKey>;
}

/** Everything the azure connector type asks of Azure; each part loads its SDK on first use. */
export interface AzureCloud {
  readonly entra: Entra;
  readonly arm: Arm;
  readonly blobs: Blobs;
}

/** What a token may be for: audiences, as resources without `/.default`. At least one. */
export interface AzureScope {
  readonly audiences: readonly string[];
}
