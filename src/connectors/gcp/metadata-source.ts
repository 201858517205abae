import { ValetkeyError } from '../../core/errors.ts';
import { secret } from '../../core/secret.ts';
import type { Machine } from '../contract.ts';
import { askMetadata } from '../outbound/metadata-http.ts';
import { keepsSecrets } from '../outbound/near-hosts.ts';
import { idTokenIn } from './answers.ts';
import type { Base } from './cloud.ts';
import { textOf, tokenOf } from './metadata-answers.ts';
import { email } from './place.ts';

const USUAL_HOST = '169.254.169.254';
const TIMEOUT_MS = 3_000; // google-auth, _METADATA_DEFAULT_TIMEOUT
const ACCOUNT = 'computeMetadata/v1/instance/service-accounts/default';

/**
 * The service account that is attached to this machine. `undefined`: the variables say that there is no
 * metadata server. Throws `UPSTREAM_UNAVAILABLE` when none answers, and `CONFIG_INVALID` when it is the
 * daemon itself or not near. https://cloud.google.com/compute/docs/metadata/overview
 */
export async function metadataBase(
  machine: Machine,
  signal: AbortSignal,
): Promise<Base | undefined> {
  const { env, clock } = machine;
  if (isSwitchedOff(env)) return undefined;
  const origin = originOf(env);
  const ask = async (path: string, query: Readonly<Record<string, string>> = {}) => {
    const url = new URL(path, origin);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const headers = { 'Metadata-Flavor': 'Google' };
    const request = { url: url.href, headers, timeout: TIMEOUT_MS, clock, signal };
    return textOf(await askMetadata(request));
  };
  signal.throwIfAborted();
  // Asks for nothing yet: a daemon that has found itself must see that before it asks for a token.
  await ask('/');
  const name = email.safeParse((await ask(`${ACCOUNT}/email`)).trim());
  return {
    // Kubernetes has accounts without an e-mail, told as PROJECT.svc.id.goog.
    principal: name.success ? name.data : '',
    async token(asked) {
      const query: Record<string, string> = asked === undefined ? {} : { scopes: asked.join(',') };
      const { access_token, expires_in } = tokenOf(await ask(`${ACCOUNT}/token`, query));
      const expiresAt = clock.now() + expires_in * 1000;
      // A virtual machine gives all its scopes whatever was asked: only its own list is true.
      const scopes = (await ask(`${ACCOUNT}/scopes`)).split(/\s+/).filter((word) => word !== '');
      return { token: secret(access_token), expiresAt, scopes };
    },
    async idToken(audience) {
      const jwt = await ask(`${ACCOUNT}/identity`, { audience, format: 'full' });
      return idTokenIn(jwt.trim(), audience, clock.now());
    },
  };
}

/** As Google's own libraries are told. */
function isSwitchedOff(env: Machine['env']): boolean {
  return (
    env['NO_GCE_CHECK']?.toLowerCase() === 'true' || env['METADATA_SERVER_DETECTION'] === 'none'
  );
}

function originOf(env: Machine['env']): URL {
  const named = [env['GCE_METADATA_HOST'], env['GCE_METADATA_ROOT']].find(
    (host) => (host ?? '') !== '',
  );
  const url = URL.parse(`http://${named ?? USUAL_HOST}/`);
  if (url !== null && url.pathname === '/' && url.username === '' && keepsSecrets(url)) return url;
  throw new ValetkeyError('CONFIG_INVALID', {
    subject: 'GCE_METADATA_HOST',
    reason: 'it is no address of this machine or its link',
  });
}
