import { googleAccount } from '../../core/token-account.ts';
import type { Variables, VariablesInput } from '../contract.ts';

/** Bypass for proxies: Python, Node and Ruby send even requests for this machine through one otherwise. */
const NO_PROXY = '127.0.0.1,localhost,169.254.169.254,metadata.google.internal';

/** What wins over the metadata server in some client, or keeps it from being asked. */
const STRONGER = [
  'GOOGLE_APPLICATION_CREDENTIALS', // every client library
  'GOOGLE_OAUTH_ACCESS_TOKEN', // Terraform, as are the next five
  'GOOGLE_CREDENTIALS',
  'GOOGLE_CLOUD_KEYFILE_JSON',
  'GCLOUD_KEYFILE_JSON',
  'GOOGLE_BACKEND_CREDENTIALS',
  'GOOGLE_IMPERSONATE_SERVICE_ACCOUNT', // another account than the granted one, by way of it
  'GOOGLE_BACKEND_IMPERSONATE_SERVICE_ACCOUNT',
  'GOOGLE_SERVICE_ACCOUNT', // Rust's object_store, as are the next two
  'GOOGLE_SERVICE_ACCOUNT_PATH',
  'GOOGLE_SERVICE_ACCOUNT_KEY',
  'CLOUDSDK_AUTH_ACCESS_TOKEN', // gcloud, gsutil and bq, as all of this name
  'CLOUDSDK_AUTH_ACCESS_TOKEN_FILE',
  'CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE',
  'CLOUDSDK_AUTH_DISABLE_CREDENTIALS',
  'CLOUDSDK_AUTH_IMPERSONATE_SERVICE_ACCOUNT',
  'CLOUDSDK_CORE_ACCOUNT', // an account of its own that is not the metadata server's
  'CLOUDSDK_CORE_CHECK_GCE_METADATA', // `false`: never look
  'NO_GCE_CHECK', // Python and Java: the same
  'DEVSHELL_CLIENT_PORT', // Java: Cloud Shell, looked for before Compute Engine
  'GCE_METADATA_MTLS_MODE', // Python: `strict` wants TLS, which only the real server speaks
] as const;

/**
 * Variables of the metadata server. All three addresses, since each is read by clients that know no
 * other: `HOST` by Java, Go and Rust, `ROOT` by gcloud and C++, `IP` by Python's ping and by Node.
 * Without a scheme: all but Node put one in front.
 *
 * `METADATA_SERVER_DETECTION` spares Node a ping that it gives up after 3 s; any version that knows
 * the variable knows this value. The project is set because gcloud and Node look into a person's own
 * configuration before they ask the server.
 */
export function gceVariables({ baseUrl, account: any }: VariablesInput): Variables {
  const account = googleAccount(any);
  const host = baseUrl.replace(/^https?:\/\//, '');
  const project = account?.projectId === '' ? undefined : account?.projectId;
  const quota = account?.quotaProject;
  const set = present({
    NO_PROXY,
    no_proxy: NO_PROXY,
    GCE_METADATA_HOST: host,
    GCE_METADATA_ROOT: host,
    GCE_METADATA_IP: host,
    METADATA_SERVER_DETECTION: 'assume-present',
    GOOGLE_CLOUD_PROJECT: project,
    CLOUDSDK_CORE_PROJECT: project,
    GOOGLE_CLOUD_QUOTA_PROJECT: quota,
    CLOUDSDK_BILLING_QUOTA_PROJECT: quota,
  });
  const clear = [
    ...STRONGER,
    // Node reads the old name first. Where no project is known, a person's own choice is left alone.
    ...(project === undefined ? [] : ['GCLOUD_PROJECT']),
    // A project that another account's calls were counted against: this one may not use it (403).
    ...(quota === undefined
      ? ['GOOGLE_CLOUD_QUOTA_PROJECT', 'CLOUDSDK_BILLING_QUOTA_PROJECT']
      : []),
  ];
  return { set, clear };
}

function present(values: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
