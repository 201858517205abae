import { toValetkeyError } from '../../core/errors.ts';
import { respond } from '../answer.ts';
import type {
  Answer,
  Caller,
  Connection,
  EndpointContext,
  EndpointEnv,
  EndpointRoutes,
} from '../contract.ts';
import { requestTarget } from '../path.ts';
import { singleHeader } from '../raw-header.ts';
import { whenReady } from '../settle.ts';
import { FORBIDDEN, NO_FLAVOR, NOT_FOUND, READ_ONLY, ROOT, tokenFailure } from './answers.ts';
import type { Found } from './find.ts';
import { createTokens } from './tokens.ts';
import { createTrees } from './trees.ts';
import { createWaits, type Look } from './waits.ts';

const NO_PROOF = { kind: 'none' } as const;

/** Switched off by Google in 2020. 404 whatever the headers: there is nothing to be had by others. */
const LEGACY = /^\/(?:0\.1|computeMetadata\/v1beta1)(?:[/?]|$)/;

const BELOW = /^\/computeMetadata(?:[/?]|$)/;

interface Asked {
  readonly connection: Connection;
  readonly method: string;
  /** As received. */
  readonly target: string;
  /** Was `Metadata-Flavor: Google` there, once? */
  readonly flavored: boolean;
  /** When the client goes; absent where nothing is waited for. */
  readonly signal?: () => AbortSignal;
}

type Reply = Answer | Promise<Answer>;

export function metadataRoutes(context: EndpointContext): EndpointRoutes {
  const find = createTrees(context.installationId);
  const tokens = createTokens(context);
  const wait = createWaits(context);

  const refuse = (connection: Connection, refusal: Answer, why: string): Answer => {
    context.refused(connection, why, refusal.status);
    return refusal;
  };

  /** What anybody is told; `undefined` for what is somebody's own. */
  const unasked = ({ connection, method, target, flavored }: Asked): Answer | undefined => {
    if (method !== 'GET' && method !== 'HEAD') return READ_ONLY;
    // Go, Python and Java look for us here, Go without a flavor.
    if (target === '/' || target.startsWith('/?')) return ROOT;
    if (!BELOW.test(target) || LEGACY.test(target)) return NOT_FOUND;
    return flavored
      ? undefined
      : refuse(connection, NO_FLAVOR, 'no single Metadata-Flavor: Google');
  };

  const tell = (asked: Asked, caller: Caller, found: Found): Reply => {
    const { connection, signal } = asked;
    if (found.kind !== 'answer') return tokens(connection, caller, found);
    if (found.wait === undefined || signal === undefined) return found.answer;
    return wait(connection, found.wait, signal(), () => look(asked));
  };

  /** Who asks is decided by the connection: the listener and the peer's uid. */
  const answer = (asked: Asked): Reply =>
    unasked(asked) ??
    whenReady(context.identify(asked.connection, NO_PROOF), (caller) =>
      caller === undefined
        ? refuse(asked.connection, FORBIDDEN, 'nobody’s connection')
        : tell(asked, caller, find(caller, asked.target)),
    );

  /** The same, while a request waits: whoever was somebody may be nobody by now. */
  const look = ({ connection, target }: Asked): Look | Promise<Look> =>
    whenReady(context.identify(connection, NO_PROOF), (caller) => {
      const found = caller === undefined ? undefined : find(caller, target);
      return found?.kind === 'answer' ? found : { answer: FORBIDDEN };
    });

  const failed = (connection: Connection, thrown: unknown): Answer => {
    const error = toValetkeyError(thrown);
    return refuse(connection, tokenFailure(error), `${error.code}: ${error.message}`);
  };

  const app = async () => {
    const { Hono } = await import('hono');
    const made = new Hono<EndpointEnv>();
    made.all('*', (c) => {
      const { method, raw } = c.req;
      return whenReady(
        answer({
          connection: c.env.connection,
          method,
          target: requestTarget(raw),
          flavored: c.req.header('metadata-flavor') === 'Google',
          signal: () => raw.signal,
        }),
        respond,
      );
    });
    made.onError((thrown, c) => respond(failed(c.env.connection, thrown)));
    return made;
  };

  return {
    app,
    // Everything but what may wait, for which it takes a signal.
    direct({ connection, method, target, rawHeaders }) {
      if (target.includes('wait_for_change')) return undefined;
      try {
        const flavored = singleHeader(rawHeaders, 'metadata-flavor') === 'Google';
        const reply = answer({ connection, method, target, flavored });
        return reply instanceof Promise
          ? reply.catch((thrown: unknown) => failed(connection, thrown))
          : reply;
      } catch (thrown) {
        return failed(connection, thrown);
      }
    },
  };
}
