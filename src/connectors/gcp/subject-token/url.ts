import type { Secret } from '../../../core/secret.ts';
import { fetchText } from '../../outbound/token-http.ts';
import type { UrlSource } from '../credential-source.ts';
import type { SourceContext } from './source-context.ts';
import { tokenIn } from './token-format.ts';

/** gcloud's own variable for a file with certificate authorities. */
const CA_VARIABLES = ['CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE'];

/** A GET to a service that hands out tokens: Azure's metadata service, a CI runner. */
export async function urlToken(
  { url, headers, format }: UrlSource,
  { machine, signal }: SourceContext,
): Promise<Secret> {
  const sent = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, value.reveal()]),
  );
  const { env } = machine;
  const text = await fetchText({ url, headers: sent, env, caVariables: CA_VARIABLES, signal });
  return tokenIn(text, format, 'credential_source.url');
}
