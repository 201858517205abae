import type { Call } from '../service.ts';
import { armRefusal } from './refusals.ts';

/** Small, so that whoever lists has to follow the links. */
const PAGE = 2;

/** One page of a list, and the whole address of the next. */
export function paged<Item>(
  { request }: Call,
  items: readonly Item[],
  url: string,
): { readonly value: readonly Item[]; readonly nextLink?: string } {
  const asked = request.query.get('$skiptoken') ?? '0';
  const from = /^\d{1,9}$/.test(asked) ? Number(asked) : Number.NaN;
  if (Number.isNaN(from) || (from > 0 && from >= items.length)) {
    throw armRefusal(400, 'InvalidSkipToken', `The skip token '${asked}' is not valid.`);
  }
  const value = items.slice(from, from + PAGE);
  if (from + PAGE >= items.length) return { value };
  const version = request.query.get('api-version') ?? '';
  return { value, nextLink: `${url}?api-version=${version}&%24skiptoken=${from + PAGE}` };
}
