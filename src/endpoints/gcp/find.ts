import type { Answer, IssueChoice } from '../contract.ts';
import { errorAnswer, jsonText, moved, NO_ACCOUNT, NOT_FOUND, scalar } from './answers.ts';
import { identityChoice, tokenChoice } from './choices.ts';
import { isTrue, parseTarget, type Target } from './target.ts';
import type { Directory, Entry, Leaf } from './tree.ts';
import { etagOf, listing, listingJson, recursiveJson, recursiveText } from './tree-text.ts';

/** What a target is about, for one caller. */
export type Found =
  | {
      readonly kind: 'answer';
      readonly answer: Answer;
      /** For what can change: its state now, and what the client wants to wait for. */
      readonly etag?: string;
      readonly wait?: WaitWish | undefined;
    }
  | { readonly kind: 'token'; readonly choice: IssueChoice }
  | { readonly kind: 'identity'; readonly choice: IssueChoice; readonly audience: string };

export interface WaitWish {
  /** The state the client knows; absent: the one at the beginning. */
  readonly lastEtag: string | undefined;
  /** Absent: for as long as the client does. */
  readonly timeoutMs: number | undefined;
}

/** A day, ms. Timers know no more than 2^31 ms, and a client that waits longer can ask again. */
const MOST_TIMEOUT_MS = 86_400_000;

const ACCOUNTS = '/computeMetadata/v1/instance/service-accounts/';

/** Looks a target up in a caller's tree. Throws never. */
export function find(root: Directory, text: string): Found {
  const target = parseTarget(text);
  if ('status' in target) return told(target);
  const entry = entryAt(root, target.segments);
  if (entry === undefined) {
    // A client that shows this shows it to somebody who has misspelt the account.
    return told(target.path.startsWith(ACCOUNTS) ? NO_ACCOUNT : NOT_FOUND);
  }
  if (entry.kind === 'directory') {
    return target.slash ? stored(entry, target) : told(moved(`${target.path}/`, target.query));
  }
  if (target.slash) return told(NOT_FOUND);
  switch (entry.kind) {
    case 'leaf':
      return stored(entry, target);
    case 'token': {
      const choice = tokenChoice(entry.account, target.parameters);
      return 'status' in choice ? told(choice) : { kind: 'token', choice };
    }
    case 'identity': {
      const choice = identityChoice(entry.account, target.parameters);
      if ('status' in choice) return told(choice);
      return { kind: 'identity', choice, audience: choice.audience };
    }
  }
}

function told(answer: Answer): Found {
  return { kind: 'answer', answer };
}

function entryAt(root: Directory, segments: readonly (string | undefined)[]): Entry | undefined {
  let entry: Entry | undefined = root;
  for (const segment of segments) {
    if (entry?.kind !== 'directory' || segment === undefined) return undefined;
    entry = entry.children.get(segment);
  }
  return entry;
}

function stored(entry: Directory | Leaf, { parameters }: Target): Found {
  const { alt = '', wait_for_change: waiting } = parameters;
  if (alt !== '' && alt !== 'json' && alt !== 'text') {
    return told(errorAnswer(400, 'the parameter alt is json or text'));
  }
  const timeoutMs = milliseconds(parameters.timeout_sec);
  if (timeoutMs === undefined && parameters.timeout_sec !== undefined) {
    return told(errorAnswer(400, 'the parameter timeout_sec is a whole number of seconds'));
  }
  const etag = etagOf(entry);
  const answer =
    entry.kind === 'leaf'
      ? leafAnswer(entry, alt, etag)
      : directoryAnswer(entry, alt, isTrue(parameters.recursive), etag);
  const wait = isTrue(waiting) ? { lastEtag: parameters.last_etag, timeoutMs } : undefined;
  return { kind: 'answer', answer, etag, wait };
}

function leafAnswer({ text, json, type }: Leaf, alt: string, etag: string): Answer {
  const asJson = alt === 'json' || (alt === '' && type === 'json');
  return asJson ? jsonText(json, etag) : scalar(text, etag);
}

/** What is recursive is JSON unless text is asked for, a listing the other way round. */
function directoryAnswer(entry: Directory, alt: string, recursive: boolean, etag: string): Answer {
  if (recursive) {
    return alt === 'text'
      ? scalar(recursiveText(entry), etag)
      : jsonText(recursiveJson(entry), etag);
  }
  return alt === 'json' ? jsonText(listingJson(entry), etag) : scalar(listing(entry), etag);
}

function milliseconds(seconds: string | undefined): number | undefined {
  if (seconds === undefined || !/^\d+$/.test(seconds)) return undefined;
  return Math.min(Number(seconds) * 1000, MOST_TIMEOUT_MS);
}
