import { ValetkeyError } from '../../core/errors.ts';
import type { Machine } from '../contract.ts';
import { keepsSecrets } from './near-hosts.ts';

/**
 * A service's base URL without a slash at its end: the connector's own word, else the machine's variable;
 * `undefined` when neither says anything. Throws `CONFIG_INVALID` naming what holds no URL for secrets.
 */
export function chosenEndpoint(
  variable: string,
  own: string | undefined,
  env: Machine['env'],
): string | undefined {
  const text = own ?? env[variable];
  if (text === undefined || text === '') return undefined;
  const url = URL.parse(text);
  if (url === null || !keepsSecrets(url)) {
    throw new ValetkeyError('CONFIG_INVALID', {
      subject: own === undefined ? variable : 'endpoint',
      reason: 'this is no URL that tokens may be sent to',
      hint: 'use https, or http for this machine itself',
    });
  }
  return text.replace(/\/+$/, '');
}
