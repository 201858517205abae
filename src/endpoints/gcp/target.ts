import type { Answer } from '../contract.ts';
import { errorAnswer } from './answers.ts';

/** A request target taken apart. */
export interface Target {
  /** As received, without the query and without the last slash. */
  readonly path: string;
  /** Decoded names from the first to the last. `undefined` where one cannot be decoded. */
  readonly segments: readonly (string | undefined)[];
  /** Was there a slash at the end? */
  readonly slash: boolean;
  /** As received, with its `?`; empty without one. */
  readonly query: string;
  readonly parameters: Parameters;
}

/** The query parameters we know, decoded. Others are ignored, as the real server does. */
export type Parameters = Partial<Record<ParameterName, string>>;

const NAMES = [
  'recursive',
  'alt',
  'wait_for_change',
  'last_etag',
  'timeout_sec',
  'scopes',
  'audience',
  'format',
] as const;
type ParameterName = (typeof NAMES)[number];

/**
 * Reads a target; an answer is why it cannot be. Values come raw from some clients and encoded from
 * others, so nothing but `&` and the first `=` separates.
 */
export function parseTarget(target: string): Target | Answer {
  const mark = target.indexOf('?');
  const whole = mark === -1 ? target : target.slice(0, mark);
  const query = mark === -1 ? '' : target.slice(mark);
  const slash = whole.endsWith('/');
  const path = slash ? whole.slice(0, -1) : whole;
  const parameters: Parameters = {};
  for (const part of query.slice(1).split('&')) {
    const equals = part.indexOf('=');
    const name = equals === -1 ? part : part.slice(0, equals);
    if (!isKnown(name)) continue;
    // Two readers would take different ones.
    if (name in parameters) return errorAnswer(400, `the parameter ${name} is given twice`);
    const value = decoded(equals === -1 ? '' : part.slice(equals + 1).replaceAll('+', ' '));
    if (value === undefined) {
      return errorAnswer(400, `the parameter ${name} is not percent-encoded UTF-8`);
    }
    parameters[name] = value;
  }
  return { path, segments: path.split('/').slice(1).map(decoded), slash, query, parameters };
}

export function isTrue(value: string | undefined): boolean {
  return value?.toLowerCase() === 'true';
}

function isKnown(name: string): name is ParameterName {
  return (NAMES as readonly string[]).includes(name);
}

function decoded(text: string): string | undefined {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
