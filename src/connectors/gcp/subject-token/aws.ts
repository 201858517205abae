import { secret, type Secret } from '../../../core/secret.ts';
import type { Machine } from '../../contract.ts';
import type { AwsSource } from '../credential-source.ts';
import { awsMetadata } from './aws-metadata.ts';
import { signedHeaders, type AwsKeys } from './sigv4.ts';
import type { SourceContext } from './source-context.ts';
import { malformed } from './token-format.ts';

/**
 * A signed GetCallerIdentity request as the token: Google sends it to AWS and learns who signed it.
 * The audience is signed too, so that it is good for this pool alone. Nothing is asked of AWS here.
 * https://cloud.google.com/iam/docs/workload-identity-federation-with-other-clouds
 */
export async function awsToken(source: AwsSource, context: SourceContext): Promise<Secret> {
  const { account, machine, signal } = context;
  signal.throwIfAborted();
  const { env, clock } = machine;
  const metadata = awsMetadata(source, context);
  const region = regionFrom(env) ?? (await metadata.region());
  const keys = keysFrom(env) ?? (await metadata.keys());
  // It becomes a part of a host's name.
  if (!/^[a-z\d-]{1,64}$/.test(region)) throw malformed('AWS_REGION', 'this is no region');
  const address = source.verificationUrl.replace('{region}', region);
  const headers = signedHeaders(
    new URL(address),
    { 'x-goog-cloud-target-resource': account.audience },
    keys,
    { region, service: 'sts', now: clock.now() },
  );
  const token = {
    url: address,
    method: 'POST',
    headers: Object.entries(headers).map(([key, value]) => ({ key, value })),
  };
  return secret(encodeURIComponent(JSON.stringify(token)));
}

function regionFrom(env: Machine['env']): string | undefined {
  return [env['AWS_REGION'], env['AWS_DEFAULT_REGION']].find((name) => (name ?? '') !== '');
}

function keysFrom(env: Machine['env']): AwsKeys | undefined {
  const id = env['AWS_ACCESS_KEY_ID'] ?? '';
  const key = env['AWS_SECRET_ACCESS_KEY'] ?? '';
  const session = env['AWS_SESSION_TOKEN'] ?? '';
  if (id === '' || key === '') return undefined;
  return {
    accessKeyId: id,
    secretAccessKey: secret(key),
    sessionToken: session === '' ? undefined : secret(session),
  };
}
