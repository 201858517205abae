import { createHash, createHmac } from 'node:crypto';
import { BlockList, isIPv4 } from 'node:net';

import { ValetkeyError } from '../../core/errors.ts';
import { secret, type Secret } from '../../core/secret.ts';
import type { UserDelegationKey } from './cloud.ts';
import type { ContainerPath } from './container.ts';

/** In the order that the service demands. https://learn.microsoft.com/rest/api/storageservices/create-user-delegation-sas#specify-permissions */
const OF_CONTAINER = 'racwdxltmeopi';
const OF_DIRECTORY = 'racwdlmeop';

/** The letters in the service's order. Throws `INPUT_INVALID` for others, and for none. */
export function orderedPermissions(letters: string, { directory }: ContainerPath): string {
  const known = directory === undefined ? OF_CONTAINER : OF_DIRECTORY;
  const given = letters.split('');
  if (given.length === 0 || given.some((letter) => !known.includes(letter))) {
    throw invalid(
      'permissions',
      `use letters of ${known} (r read, l list, a add, c create, w write, d delete, …)`,
    );
  }
  if (new Set(given).size !== given.length) throw invalid('permissions', 'a letter is repeated');
  return known
    .split('')
    .filter((letter) => given.includes(letter))
    .join('');
}

/** One IPv4 address or a range of them; the service knows no others. Throws `INPUT_INVALID`. */
export function checkedAddresses(text: string): string {
  const [first = '', last = first, more] = text.split('-');
  if (more === undefined && isIPv4(first) && isIPv4(last)) {
    try {
      new BlockList().addRange(first, last, 'ipv4');
      return text;
    } catch {
      throw invalid('ip', 'the range ends before it begins');
    }
  }
  throw invalid('ip', 'use an IPv4 address, or two with a dash between them');
}

export interface SasFields {
  readonly path: ContainerPath;
  /** As `orderedPermissions` gives them. */
  readonly permissions: string;
  /** As storage writes times. */
  readonly expiry: string;
  readonly ip?: string | undefined;
  readonly httpsOnly: boolean;
  /** Of the service: 2020-12-06 to before 2025-07-05, whose text to sign this is. */
  readonly version: string;
  readonly key: UserDelegationKey;
}

/**
 * A user delegation SAS as the query of a URL: whoever has it may do what it says, until it expires.
 * https://learn.microsoft.com/rest/api/storageservices/create-user-delegation-sas#version-2020-12-06-and-later
 */
export function signSas(fields: SasFields): { readonly id: string; readonly query: Secret } {
  const { path, permissions, expiry, ip = '', httpsOnly, version, key } = fields;
  const { account, container, directory } = path;
  const protocol = httpsOnly ? 'https' : '';
  const resource = directory === undefined ? 'c' : 'd';
  const below = directory === undefined ? '' : `/${directory}`;
  const signed = [
    permissions,
    '', // start: from now on
    expiry,
    `/blob/${account}/${container}${below}`,
    key.objectId,
    key.tenantId,
    key.start,
    key.expiry,
    key.service,
    key.version,
    '\n\n', // authorized and unauthorized object id, correlation id
    ip,
    protocol,
    version,
    resource,
    '\n', // time of a snapshot, encryption scope
    '\n\n\n\n', // headers of answers: cache control, disposition, encoding, language, type
  ].join('\n');
  const signature = createHmac('sha256', Buffer.from(key.value.reveal(), 'base64'))
    .update(signed, 'utf8')
    .digest('base64');
  const query = new URLSearchParams({
    sv: version,
    sr: resource,
    ...(directory === undefined ? {} : { sdd: `${directory.split('/').length}` }),
    sp: permissions,
    se: expiry,
    ...(ip === '' ? {} : { sip: ip }),
    ...(protocol === '' ? {} : { spr: protocol }),
    skoid: key.objectId,
    sktid: key.tenantId,
    skt: key.start,
    ske: key.expiry,
    sks: key.service,
    skv: key.version,
    sig: signature,
  });
  const id = `sas-${createHash('sha256').update(signature).digest('hex').slice(0, 20)}`;
  return { id, query: secret(query.toString()) };
}

function invalid(subject: string, reason: string): ValetkeyError {
  return new ValetkeyError('INPUT_INVALID', { subject, reason });
}
