import type { Variables, VariablesInput } from '../contract.ts';

/** Bypass for proxies: botocore and Go send link-local requests through one otherwise. */
const NO_PROXY = [
  '127.0.0.1',
  'localhost',
  '169.254.169.254',
  '169.254.170.2',
  '169.254.170.23',
  '[fd00:ec2::254]',
  '[fd00:ec2::23]',
].join(',');

/** What wins over any endpoint in a client's credential chain. */
const STRONGER = [
  'AWS_ACCESS_KEY_ID',
  'AWS_ACCESS_KEY', // Go v1, Java v1
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SECRET_KEY', // Go v1, Java v1
  'AWS_SESSION_TOKEN',
  'AWS_SECURITY_TOKEN', // botocore's old name of it
  'AWS_CREDENTIAL_EXPIRATION',
  'AWS_CREDENTIAL_FILE', // boto 2, s3cmd
  'AWS_PROFILE',
  'AWS_DEFAULT_PROFILE',
  'AWS_WEB_IDENTITY_TOKEN_FILE',
  'AWS_ROLE_ARN',
  'AWS_ROLE_SESSION_NAME',
  'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI', // wins over FULL_URI, in some clients even when empty
  'AWS_CONTAINER_SERVICE_ENDPOINT', // Java v2
] as const;

const CONTAINER = [
  'AWS_CONTAINER_CREDENTIALS_FULL_URI',
  'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE',
  'AWS_CONTAINER_AUTHORIZATION_TOKEN',
] as const;

const METADATA = [
  'AWS_EC2_METADATA_DISABLED',
  'AWS_EC2_METADATA_SERVICE_ENDPOINT',
  'AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE',
  'AWS_EC2_INSTANCE_PROFILE_NAME', // newest Ruby and PHP: skips the role list
  'AWS_IMDS_USE_IPV6', // botocore's old name of the endpoint mode
  'AWS_METADATA_ENDPOINT', // Rust object_store's own name of the endpoint
] as const;

/**
 * Variables of the container provider.
 *
 * The literal address, because `localhost` is refused or taken apart by several clients. Secret file
 * and inline secret are both set and equal: Java and JS v2 prefer the latter, old Go clients know
 * nothing else, Rust's object_store wants the file. `AWS_EC2_METADATA_DISABLED` keeps Java and C++,
 * which go on to the instance metadata service after a failure, from taking up another identity.
 */
export function containerVariables({
  baseUrl,
  tokenFile,
  token,
  region,
}: VariablesInput): Variables {
  return complete([...STRONGER, ...CONTAINER, ...METADATA], region, {
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `${baseUrl}/v1/credentials`,
    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: tokenFile,
    AWS_CONTAINER_AUTHORIZATION_TOKEN: token,
    AWS_EC2_METADATA_DISABLED: 'true',
  });
}

/**
 * Variables of the instance metadata provider. The endpoint has no path but ends in a slash: AWS CLI 2
 * up to at least 2.9 (Debian 12) appends `latest/…` as it is, and those that bring a slash of their
 * own (Java, C++) are understood with two.
 */
export function metadataVariables({ baseUrl, region }: VariablesInput): Variables {
  return complete([...STRONGER, ...CONTAINER, ...METADATA], region, {
    AWS_EC2_METADATA_SERVICE_ENDPOINT: `${baseUrl}/`,
    AWS_METADATA_ENDPOINT: baseUrl,
  });
}

/**
 * What is set, and everything else of the list to be cleared. Both region variables: botocore and
 * CLI v1 read only the second, JavaScript and Java only the first. `NO_PROXY` is to be merged with
 * the person's own by whoever applies this.
 */
function complete(
  known: readonly string[],
  region: string | undefined,
  wanted: Readonly<Record<string, string | undefined>>,
): Variables {
  const set: Record<string, string> = { NO_PROXY, no_proxy: NO_PROXY };
  for (const [name, value] of Object.entries({
    ...wanted,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
  })) {
    if (value !== undefined) set[name] = value;
  }
  return { set, clear: known.filter((name) => !(name in set)) };
}
