import { z } from 'zod';

import { ValetkeyError } from '../../core/errors.ts';

/*
 * Lists and maps as people give them: native values from YAML, and from a command line one text,
 * either JSON or `a,b` and `k=v,k2=v2`. What comes out is accepted again as input.
 */

/** A list; a text that does not begin with `[` is split at commas. */
export function listOf<T extends z.ZodType>(item: T) {
  return z.preprocess((value, ctx) => {
    if (typeof value !== 'string') return value;
    if (value.trimStart().startsWith('[')) return json(value, ctx);
    return split(value);
  }, z.array(item));
}

/** A map of texts; a text that does not begin with `{` is read as `k=v` pairs. */
export function mapOf<K extends z.ZodString, V extends z.ZodType>(key: K, value: V) {
  return z.preprocess(
    (raw, ctx) => {
      if (typeof raw !== 'string') return raw;
      if (raw.trimStart().startsWith('{')) return json(raw, ctx);
      const pairs = split(raw).map((pair) => {
        const equals = pair.indexOf('=');
        return equals < 0 ? undefined : ([pair.slice(0, equals), pair.slice(equals + 1)] as const);
      });
      if (pairs.every((pair) => pair !== undefined)) return Object.fromEntries(pairs);
      ctx.addIssue({ code: 'custom', message: 'use key=value pairs with commas between them' });
      return z.NEVER;
    },
    z.record(key, value),
  );
}

/** Accepts what `parse` does not throw `INPUT_INVALID` for, with its reason as the message. */
export function checkedBy(parse: (text: string) => unknown) {
  return (text: string, ctx: z.RefinementCtx<string>): void => {
    const message = complaint(() => parse(text));
    // What looks at several fields is not asked any more: it may take this one for good.
    if (message !== undefined) ctx.addIssue({ code: 'custom', message, continue: false });
  };
}

/** Why `run` refuses its input, in our own words; `undefined` when it does not. */
export function complaint(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (!(error instanceof ValetkeyError) || error.code !== 'INPUT_INVALID') throw error;
    const { reason, hint } = error;
    return [reason, hint].filter((part) => part !== undefined).join('; ');
  }
}

function split(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function json(text: string, ctx: z.RefinementCtx): unknown {
  try {
    return JSON.parse(text);
  } catch {
    ctx.addIssue({ code: 'custom', message: 'this is not valid JSON' });
    return z.NEVER;
  }
}
