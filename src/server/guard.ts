import type { IncomingMessage } from 'node:http';

import type { RefusalReason } from '../endpoints/contract.ts';
import type { Bound } from './address.ts';

export interface Refusal {
  readonly status: number;
  readonly reason: RefusalReason;
  /** For the log; the client is told less. Quotes what was received, escaped and cut. */
  readonly why: string;
}

/** Longest request target, characters. The longest real one (an Azure resource and ids) has some 600. */
const MAX_TARGET = 4096;

/** Largest request body, bytes; no protocol here sends more than a small form. */
const MAX_BODY = 65_536;

const METHODS = new Set(['GET', 'HEAD', 'PUT', 'POST', 'DELETE', 'PATCH']);

/** A target with nothing in it that needs a closer look. */
const PLAIN_TARGET = /^\/[\w\-/=,@+?&:]*$/;
/** What RFC 3986 lets a path and a query contain, and brackets and bars, which many clients leave as they are. */
const LEGAL_TARGET = /^\/[\w\-./~!$&'()*+,;=:@%?[\]{}|]*$/;
/** A `.` or `..` segment, plain or encoded, or an encoded control byte. */
const TRAVERSAL = /\/(?:\.|%2e){1,2}(?:[/?]|$)|%[01][\da-f]|%7f/i;

const BROWSER = new Set(['origin', 'referer', 'accept-language']);
const PROXY = ['via', 'forwarded', 'x-real-ip', 'client-ip', 'true-client-ip', 'cf-connecting-ip'];
const NAMES = ['host', 'authorization', 'content-length', ...BROWSER, ...PROXY];
/** Names that begin like this are a browser’s, or a proxy’s. */
const BEGINNING = /^(?:sec-|x-forwarded|x-(?:original|envoy)-|x-(?:cluster-)?client-ip$)/;

/** The header names that are compared whole, by length and then initial: no two share both. */
const EXACT: readonly ReadonlyMap<number, string>[] = Array.from(
  { length: 18 },
  (_, length) =>
    new Map(
      NAMES.filter((name) => name.length === length).map((name) => [name.charCodeAt(0), name]),
    ),
);

export type Guard = (request: RawRequest) => Refusal | undefined;

type RawRequest = Pick<IncomingMessage, 'method' | 'url' | 'rawHeaders'>;

/**
 * Refuses everything that can be refused before a protocol is known.
 *
 * What each check stands against: `Host`, a page whose name resolves to this machine (DNS
 * rebinding); `Origin`, `Referer` and `Sec-*`, a page that asks outright; `Accept-Language`, a page of
 * `http://metadata.google.internal` in a network whose DNS lies: that `Host` is right, and without TLS
 * a request to a page's own origin has none of the others, but no page can leave this one out, and no
 * SDK sends it; forwarding headers, a proxy that lends its place on this machine to somebody elsewhere
 * (the real metadata services refuse `X-Forwarded-For` for that reason); a second `Authorization` or
 * `Host`, two readers that would pick different ones.
 *
 * Node's own `fetch`, by which msal-node asks, adds `Accept-Language: *` and `Sec-Fetch-Mode: cors` to
 * each request. The two together and alone are let through: a browser that sends the second sends
 * `Sec-Fetch-Site` too, and no page can write a `Sec-*` header itself.
 * https://www.w3.org/TR/fetch-metadata/#sec-fetch-mode-header
 */
export function createGuard(hosts: ReadonlySet<string>): Guard {
  return ({ method = '', url = '', rawHeaders }) => {
    if (!METHODS.has(method)) return refusal(405, 'method', 'method', method);
    if (!PLAIN_TARGET.test(url)) {
      const bad = badTarget(url);
      if (bad !== undefined) return bad;
    }
    if (url.length > MAX_TARGET) return tooLong(url);
    return badHeaders(rawHeaders, hosts);
  };
}

function tooLong(url: string): Refusal {
  const query = url.indexOf('?');
  const reason = query === -1 || query > MAX_TARGET ? 'target' : 'query';
  return refusal(414, reason, `${reason} too long`, withoutSecrets(url));
}

function badTarget(url: string): Refusal | undefined {
  if (!LEGAL_TARGET.test(url)) return refusal(400, 'target', 'target', withoutSecrets(url));
  const query = url.indexOf('?');
  const path = query === -1 ? url : url.slice(0, query);
  return TRAVERSAL.test(path)
    ? refusal(400, 'traversal', 'traversal in path', withoutSecrets(url))
    : undefined;
}

function badHeaders(raw: readonly string[], hosts: ReadonlySet<string>): Refusal | undefined {
  let host: string | undefined;
  let authorized = false;
  let language = false;
  let mode = false;
  for (let i = 0; i < raw.length; i += 2) {
    const given = raw[i] ?? '';
    const name = interesting(given);
    if (name === undefined) continue;
    const value = raw[i + 1] ?? '';
    if (name === 'host') {
      if (host !== undefined) return refusal(400, 'host', 'second Host', value);
      host = value;
    } else if (name === 'authorization') {
      if (authorized) return refusal(400, 'duplicate-authorization', 'second Authorization', '');
      authorized = true;
    } else if (name === 'content-length') {
      if (Number(value) > MAX_BODY) return refusal(413, 'too-large', 'body of bytes', value);
    } else if (name === 'accept-language' && value === '*') {
      language = true;
    } else if (name === 'sec-fetch-mode' && value === 'cors') {
      mode = true;
    } else if (BROWSER.has(name) || name.startsWith('sec-')) {
      return refusal(403, 'browser', `browser header ${name}`, withoutSecrets(value));
    } else {
      return refusal(403, 'forwarded', `forwarding header ${name}`, withoutSecrets(value));
    }
  }
  if (language !== mode) return refusal(403, 'browser', 'half of the headers of Node’s fetch', '');
  if (host === undefined) return refusal(400, 'host', 'no Host', '');
  if (hosts.has(host) || hosts.has(host.toLowerCase())) return undefined;
  return refusal(403, 'host', 'foreign Host', host);
}

/** The lower-case name when there is a rule for it; most headers are passed over by length and initial. */
function interesting(given: string): string | undefined {
  const { length } = given;
  const initial = given.charCodeAt(0) | 0x20;
  const prefixed = length > 4 && (initial === 0x73 || initial === 0x78); // s, x
  const exact = EXACT[length]?.get(initial);
  if (!prefixed && exact === undefined) return undefined;
  const name = given.toLowerCase();
  if (name === exact) return name;
  return prefixed && BEGINNING.test(name) ? name : undefined;
}

function refusal(status: number, reason: RefusalReason, what: string, value: string): Refusal {
  return { status, reason, why: value === '' ? what : `${what} ${quoted(value)}` };
}

/** What is wrong with the host of a target that has one: it must be as right as `Host`, which is looked at too. */
export function foreignHost(host: string, hosts: ReadonlySet<string>): Refusal | undefined {
  if (hosts.has(host.toLowerCase())) return undefined;
  return refusal(403, 'host', 'foreign host in the target', host);
}

/**
 * Some clients can show a workload's secret in the path alone, and a `Referer` or a proxy's header repeats
 * the path. Encoded, in pieces or in part, it is one still.
 */
function withoutSecrets(text: string): string {
  return text.replaceAll(/[\w%-]{20,}/g, '...');
}

/** Received text for one line of a log: cut, and with nothing in it that could start another line. */
export function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 80)).replaceAll(/[^\x20-\x7e]/g, '?');
}

/**
 * Every `Host` that is right for a listener: its own address and the names of its endpoints, with
 * and without the port.
 */
export function hostsOf(bound: Bound, names: readonly string[]): Set<string> {
  const own =
    bound.kind === 'unix'
      ? 'localhost' // what HTTP clients write when all they have is a path
      : bound.address.includes(':')
        ? `[${bound.address}]`
        : bound.address;
  return new Set(
    [own, ...names].flatMap((host) => {
      const name = host.toLowerCase();
      return [name, `${name}:80`, `${name}:${bound.port}`];
    }),
  );
}
