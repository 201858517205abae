import { type AzureIdentity, azureIdentity } from '../../core/token-account.ts';
import type { Variables, VariablesInput } from '../contract.ts';

/** Bypass for proxies: JavaScript and Python send even requests for this machine through one otherwise. */
const NO_PROXY = '127.0.0.1,localhost,169.254.169.254';

/**
 * What leads a client to some managed identity, or to another than the granted one. Unset and not
 * blank: older Go only looks whether they are there.
 */
const MANAGED = [
  'IDENTITY_ENDPOINT',
  'IDENTITY_HEADER',
  'IDENTITY_SERVER_THUMBPRINT', // Service Fabric, before App Service
  'IMDS_ENDPOINT', // Azure Arc
  'MSI_ENDPOINT', // Azure ML, App Service 2017 or Cloud Shell: which, depends on the client
  'MSI_SECRET',
  'DEFAULT_IDENTITY_CLIENT_ID', // Azure ML's name for its own
  'APPSETTING_WEBSITE_SITE_NAME', // az up to 2.73 takes this for App Service 2017
  'AZUREPS_HOST_ENVIRONMENT', // MSAL Python: Cloud Shell at a fixed port
  'AZURE_POD_IDENTITY_AUTHORITY_HOST',
  'AZURE_IDENTITY_ENDPOINT', // Rust's object_store, as is the next
  'AZURE_MSI_ENDPOINT',
  'ARM_MSI_ENDPOINT', // Terraform, as is the next
  'ARM_MSI_API_VERSION',
] as const;

/** What comes before a managed identity in some client's search. */
const STRONGER = [
  'AZURE_CLIENT_SECRET', // every SDK, as are those down to the password
  'AZURE_CLIENT_CERTIFICATE_PATH',
  'AZURE_CLIENT_CERTIFICATE_PASSWORD',
  'AZURE_FEDERATED_TOKEN_FILE',
  'AZURE_USERNAME',
  'AZURE_PASSWORD',
  // Without a secret beside it this names an identity to the SDKs, and there is none of this name here.
  // The granted one is the default, which every client gets that names none.
  'AZURE_CLIENT_ID',
  'AZURE_OBJECT_ID', // object_store
  'AZURE_TENANT_ID',
  'AZURE_STORAGE_CONNECTION_STRING', // az and object_store, as is all of this name
  'AZURE_STORAGE_KEY',
  'AZURE_STORAGE_ACCOUNT_KEY',
  'AZURE_STORAGE_ACCESS_KEY',
  'AZURE_STORAGE_MASTER_KEY',
  'AZURE_STORAGE_SAS_TOKEN',
  'AZURE_STORAGE_SAS_KEY',
  'AZURE_STORAGE_TOKEN',
  'AZURE_STORAGE_CLIENT_ID',
  'AZURE_STORAGE_CLIENT_SECRET',
  'AZURE_STORAGE_TENANT_ID',
  'AZCOPY_OAUTH_TOKEN_INFO', // a whole token
  'AZCOPY_SPA_CLIENT_SECRET',
  'AZCOPY_SPA_CERT_PATH',
  'AZCOPY_SPA_CERT_PASSWORD',
  'AZCOPY_MSI_CLIENT_ID', // another identity, as with AZURE_CLIENT_ID
  'AZCOPY_MSI_OBJECT_ID',
  'AZCOPY_MSI_RESOURCE_STRING',
  'ARM_CLIENT_ID', // Terraform, as is all that follows
  'ARM_CLIENT_ID_FILE_PATH',
  'ARM_CLIENT_SECRET',
  'ARM_CLIENT_SECRET_FILE_PATH',
  'ARM_CLIENT_CERTIFICATE',
  'ARM_CLIENT_CERTIFICATE_PATH',
  'ARM_CLIENT_CERTIFICATE_PASSWORD',
  'ARM_USE_OIDC',
  'ARM_OIDC_TOKEN',
  'ARM_OIDC_TOKEN_FILE_PATH',
  'ARM_OIDC_REQUEST_TOKEN',
  'ARM_OIDC_REQUEST_URL',
  'ARM_USE_AKS_WORKLOAD_IDENTITY',
  'ARM_USE_CLI',
  'ARM_ACCESS_KEY', // keys of the account that keeps the state
  'ARM_SAS_TOKEN',
] as const;

/**
 * Variables of the App Service shape, which every current SDK knows and which none looks for first to
 * find another. Its header keeps other users of this machine out; for Terraform, whose requests have no
 * such header, the secret is in the path. `MSI_*` mean three protocols to three clients: never set.
 */
export function appServiceVariables(input: VariablesInput): Variables {
  const { baseUrl, token } = input;
  return complete(input, {
    IDENTITY_ENDPOINT: `${baseUrl}/msi/token`,
    IDENTITY_HEADER: token,
    ARM_MSI_ENDPOINT:
      token === undefined ? undefined : `${baseUrl}/azure/${token}/metadata/identity/oauth2/token`,
  });
}

/**
 * Variables of the metadata service: for clients that can be sent to another address at all. Go, Rust
 * and .NET's chains cannot; they need the address that it has in the cloud.
 */
export function imdsVariables(input: VariablesInput): Variables {
  const endpoint = `${input.baseUrl}/metadata/identity/oauth2/token`;
  return complete(input, {
    AZURE_POD_IDENTITY_AUTHORITY_HOST: input.baseUrl,
    AZURE_MSI_ENDPOINT: endpoint,
    ARM_MSI_ENDPOINT: endpoint,
  });
}

/** Both are needed: one alone is another protocol, or none. Terraform knows nothing of it. */
export function arcVariables(input: VariablesInput): Variables {
  return complete(input, {
    IDENTITY_ENDPOINT: `${input.baseUrl}/metadata/identity/oauth2/token`,
    IMDS_ENDPOINT: input.baseUrl,
  });
}

/** For those who ask for this protocol; without `MSI_SECRET` it is no other to any client. */
export function cloudShellVariables(input: VariablesInput): Variables {
  return complete(input, { MSI_ENDPOINT: `${input.baseUrl}/oauth2/token` });
}

/**
 * What is set, and everything else to be cleared.
 *
 * `AZURE_TOKEN_CREDENTIALS=prod` keeps a default chain from going on to the person's own `az login`
 * after a failure; any version that knows the variable knows this value. Terraform and azcopy use a
 * managed identity only when told to, and Terraform asks for a tenant and a subscription besides.
 */
function complete(
  { account }: VariablesInput,
  wanted: Readonly<Record<string, string | undefined>>,
): Variables {
  const identity: AzureIdentity | undefined = azureIdentity(account);
  const terraform = wanted['ARM_MSI_ENDPOINT'] !== undefined;
  const set: Record<string, string> = { NO_PROXY, no_proxy: NO_PROXY };
  for (const [name, value] of Object.entries({
    ...wanted,
    AZURE_TOKEN_CREDENTIALS: 'prod',
    AZCOPY_AUTO_LOGIN_TYPE: 'MSI',
    ARM_USE_MSI: terraform ? 'true' : undefined,
    ARM_TENANT_ID: terraform ? identity?.tenantId : undefined,
    ARM_SUBSCRIPTION_ID: terraform ? identity?.subscriptionId : undefined,
  })) {
    if (value !== undefined) set[name] = value;
  }
  return { set, clear: [...MANAGED, ...STRONGER].filter((name) => !(name in set)) };
}
