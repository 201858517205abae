import type { AwsSession } from '../../core/credential.ts';
import { toValetkeyError } from '../../core/errors.ts';
import { respond } from '../answer.ts';
import type {
  Answer,
  Caller,
  Connection,
  EndpointContext,
  EndpointEnv,
  EndpointRoutes,
  IssueChoice,
} from '../contract.ts';
import { requestPath } from '../path.ts';
import { singleHeader } from '../raw-header.ts';
import { whenReady } from '../settle.ts';
import { ALLOW_READ, containerError, containerFailure } from './container-error.ts';
import { CONTAINER_WAIT_MS, createDocuments } from './credential-document.ts';

/** The one route of both container protocols. */
export const CREDENTIALS_PATH = '/v1/credentials';

/** Everything but GET and HEAD. */
const OTHER_METHODS = ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE'];

const DEFAULT: IssueChoice = { kind: 'aws-session', waitMs: CONTAINER_WAIT_MS };

const NOT_FOUND = containerError(404, 'NotFound', 'there is nothing at this path');
const WRONG_METHOD = containerError(
  405,
  'MethodNotAllowed',
  'credentials are read with GET',
  ALLOW_READ,
);
const UNKNOWN_PROFILE = containerError(
  400,
  'InvalidIdInRequest',
  'this workload has no profile of this name',
);

/** A refusal and what the log is told about it. */
export interface Denied {
  readonly denied: Answer;
  readonly why: string;
}

export interface ContainerProtocol {
  /** May the path name a profile (`/v1/credentials/NAME`)? */
  readonly profiles: boolean;
  readonly document: (credential: AwsSession) => Answer;
  /** Who asks, from the `Authorization` header as received. */
  readonly identify: (
    connection: Connection,
    authorization: string | undefined,
  ) => Caller | Denied | Promise<Caller | Denied>;
}

/** `GET /v1/credentials` with a secret in `Authorization`: ECS tasks and EKS Pod Identity. */
export function containerRoutes(
  context: EndpointContext,
  protocol: ContainerProtocol,
): EndpointRoutes {
  const document = createDocuments(() => context.now(), protocol.document);

  const credentials = (
    connection: Connection,
    authorization: string | undefined,
    profile: string | undefined,
  ): Answer | Promise<Answer> =>
    whenReady(protocol.identify(connection, authorization), (caller) => {
      if (isDenied(caller)) {
        context.refused(connection, caller.why, caller.denied.status);
        return caller.denied;
      }
      if (profile === undefined) return whenReady(context.issue(caller, DEFAULT), document);
      if (!caller.profiles('aws-session').includes(profile)) {
        context.refused(connection, 'unknown profile', UNKNOWN_PROFILE.status);
        return UNKNOWN_PROFILE;
      }
      return whenReady(context.issue(caller, { ...DEFAULT, profile }), document);
    });

  const failed = (connection: Connection, thrown: unknown): Answer => {
    const error = toValetkeyError(thrown);
    const answer = containerFailure(error);
    context.refused(connection, `${error.code}: ${error.message}`, answer.status);
    return answer;
  };

  const app = async () => {
    const { Hono } = await import('hono');
    const made = new Hono<EndpointEnv>({ getPath: requestPath });
    for (const path of [
      CREDENTIALS_PATH,
      ...(protocol.profiles ? [`${CREDENTIALS_PATH}/:profile`] : []),
    ]) {
      made.get(path, (c) =>
        whenReady(
          credentials(c.env.connection, c.req.header('authorization'), c.req.param('profile')),
          respond,
        ),
      );
      made.on(OTHER_METHODS, path, () => respond(WRONG_METHOD));
    }
    made.notFound(() => respond(NOT_FOUND));
    made.onError((thrown, c) => respond(failed(c.env.connection, thrown)));
    return made;
  };

  return {
    app,
    direct({ connection, method, target, rawHeaders }) {
      if (method !== 'GET' || target !== CREDENTIALS_PATH) return undefined;
      try {
        const authorization = singleHeader(rawHeaders, 'authorization');
        const answer = credentials(connection, authorization, undefined);
        return answer instanceof Promise
          ? answer.catch((thrown: unknown) => failed(connection, thrown))
          : answer;
      } catch (thrown) {
        return failed(connection, thrown);
      }
    },
  };
}

/** Asked for every request: a look at a property costs less than a search for it. */
function isDenied(found: Caller | Denied): found is Denied {
  return (found as Partial<Denied>).denied !== undefined;
}
