import { toValetkeyError } from '../../core/errors.ts';
import { respond } from '../answer.ts';
import type {
  Answer,
  DirectRequest,
  EndpointContext,
  EndpointEnv,
  EndpointRoutes,
} from '../contract.ts';
import { requestTarget } from '../path.ts';
import { singleHeader } from '../raw-header.ts';
import { whenReady } from '../settle.ts';
import { failureOf, invalid, type Shape } from './failure.ts';

export type Reply = Answer | Promise<Answer>;
export type Answering = (request: DirectRequest) => Reply;

export const NO_METADATA = invalid('the header Metadata: true is missing');

/** The header once, with exactly this value: the real service takes no other, and a page cannot send it. */
export function hasMetadata(rawHeaders: readonly string[]): boolean {
  return singleHeader(rawHeaders, 'metadata') === 'true';
}

/** Reports what is refused, except to those who only look whether somebody is here. */
export function noMetadata(
  context: Pick<EndpointContext, 'refused'>,
  { connection, rawHeaders }: DirectRequest,
): void {
  const given = rawHeaders.some((text, i) => i % 2 === 0 && text.toLowerCase() === 'metadata');
  if (given) context.refused(connection, 'no single Metadata: true', NO_METADATA.status);
}

/** Never throws nor rejects: what does is answered in the protocol's shape. */
export function caught(
  context: Pick<EndpointContext, 'refused'>,
  shape: Shape,
  answering: Answering,
): Answering {
  const failed = ({ connection }: DirectRequest, thrown: unknown): Answer => {
    const error = toValetkeyError(thrown);
    const answer = shape(failureOf(error));
    context.refused(connection, `${error.code}: ${error.message}`, answer.status);
    return answer;
  };
  return (request) => {
    try {
      const reply = answering(request);
      return reply instanceof Promise
        ? reply.catch((thrown: unknown) => failed(request, thrown))
        : reply;
    } catch (thrown) {
      return failed(request, thrown);
    }
  };
}

/** Everything by the short way; `app` is the same through Hono. */
export function directRoutes(answering: Answering): EndpointRoutes {
  return {
    direct: answering,
    async app() {
      const { Hono } = await import('hono');
      const made = new Hono<EndpointEnv>();
      made.all('*', (c) =>
        whenReady(answering(directRequest(c.req.raw, c.env.connection)), respond),
      );
      return made;
    },
  };
}

export function directRequest(
  request: Request,
  connection: DirectRequest['connection'],
): DirectRequest {
  const rawHeaders = [...request.headers].flat();
  return { connection, method: request.method, target: requestTarget(request), rawHeaders };
}
