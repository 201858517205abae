import type { Answer, Connection, EndpointContext } from '../contract.ts';
import { TOO_MANY_WAITS } from './answers.ts';
import type { WaitWish } from './find.ts';

/** Requests that wait at once, in all: a listener has a few connections more. */
const MOST_WAITS = 1_000;

/** And on one connection, where they can only be answered one after the other. */
const MOST_PER_CONNECTION = 8;

/** What a waiting request looks at again and again. Without an `etag` there is nothing to wait for. */
export interface Look {
  readonly answer: Answer;
  readonly etag?: string;
}

export type Wait = (
  connection: Connection,
  wish: WaitWish,
  signal: AbortSignal,
  look: () => Look | Promise<Look>,
) => Promise<Answer>;

/**
 * `wait_for_change`: holds a request until what it is about differs from what the client knows, its
 * time is over, the client has gone or the listener closes.
 * https://cloud.google.com/compute/docs/metadata/querying-metadata#waitforchange
 */
export function createWaits({
  sleep,
  onChange,
}: Pick<EndpointContext, 'sleep' | 'onChange'>): Wait {
  let waits = 0;
  const perConnection = new WeakMap<Connection, number>();

  return async (connection, { lastEtag, timeoutMs }, signal, look) => {
    const first = await look();
    const known = lastEtag ?? first.etag;
    if (known === undefined || first.etag !== known || timeoutMs === 0) return first.answer;
    const here = perConnection.get(connection) ?? 0;
    if (waits >= MOST_WAITS || here >= MOST_PER_CONNECTION) return TOO_MANY_WAITS;

    const ended = new AbortController();
    const { closing } = connection;
    let over = signal.aborted || closing?.aborted === true;
    let wake: () => void = () => {};
    const end = (): void => {
      over = true;
      wake();
    };
    waits += 1;
    perConnection.set(connection, here + 1);
    const forget = onChange(() => wake());
    for (const one of [signal, closing]) one?.addEventListener('abort', end, { once: true });
    if (timeoutMs !== undefined) sleep(timeoutMs, ended.signal).then(end, () => {});
    try {
      for (;;) {
        const change = new Promise<void>((resolve) => (wake = resolve));
        const seen = await look();
        if (over || seen.etag !== known) return seen.answer;
        await change;
      }
    } finally {
      ended.abort();
      forget();
      for (const one of [signal, closing]) one?.removeEventListener('abort', end);
      waits -= 1;
      perConnection.set(connection, (perConnection.get(connection) ?? 1) - 1);
    }
  };
}
