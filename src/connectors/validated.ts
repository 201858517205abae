import type { Credential } from '../core/credential.ts';
import { ValetkeyError } from '../core/errors.ts';
import type { AuthMethod } from './contract.ts';

/** What was stored or found here has simply run out; what was issued this moment says the clock is wrong. */
function bornExpired(method: AuthMethod, { kind }: Credential): ValetkeyError {
  const found =
    kind === 'aws-session'
      ? method.lifetime === undefined
      : kind === 'access-token' && (method.needsExpiry === true || method.implicit === true);
  if (found) return new ValetkeyError('CREDENTIAL_EXPIRED');
  return new ValetkeyError('UPSTREAM_CLOCK_SKEW', {
    reason: 'a credential issued this moment is expired by this machine’s clock',
    hint: 'set this machine’s clock (for example: timedatectl set-ntp true)',
  });
}

/** What a method issued, if it is whole and alive until a date; with the connector's region where it has none. */
export function validated(
  method: AuthMethod,
  credential: Credential,
  config: Record<string, unknown>,
  now: number,
): Credential {
  const { expiresAt } = credential;
  const whole = secretParts(credential).every((part) => part !== '');
  if (!whole || Number.isNaN(new Date(expiresAt).valueOf()))
    throw new ValetkeyError('UPSTREAM_MALFORMED');
  if (expiresAt <= now) throw bornExpired(method, credential);
  const region = config['region'];
  return credential.kind === 'aws-session' &&
    credential.region === undefined &&
    typeof region === 'string'
    ? { ...credential, region }
    : credential;
}

function secretParts(credential: Credential): readonly string[] {
  return credential.kind === 'aws-session'
    ? [credential.accessKeyId, credential.secretAccessKey, credential.sessionToken]
    : [credential.token];
}
