import type { Context } from 'hono';

import { toValetkeyError } from '../../core/errors.ts';
import { respond, textAnswer } from '../answer.ts';
import {
  type Answer,
  type Connection,
  defineEndpoint,
  type EndpointContext,
  type EndpointEnv,
  type EndpointRoutes,
} from '../contract.ts';
import { requestPath } from '../path.ts';
import { declaresBody, singleHeader } from '../raw-header.ts';
import { whenReady } from '../settle.ts';
import {
  METADATA_CHOICE,
  type MetadataAnswer,
  metadataAnswers,
  ROLES_PATH,
} from './imds-answers.ts';
import {
  IMDS_BAD_TTL,
  IMDS_FORBIDDEN,
  IMDS_NOT_FOUND,
  IMDS_READ_ONLY,
  IMDS_TOKEN_METHOD,
  IMDS_UNAUTHORIZED,
  imdsFailure,
  imdsRefusal,
} from './imds-errors.ts';
import { createTokenTable, TOKEN_MAX_SECONDS } from './imds-tokens.ts';
import { metadataVariables } from './variables.ts';

const TOKEN_PATH = '/latest/api/token';
const TTL_HEADER = 'x-aws-ec2-metadata-token-ttl-seconds';
const TOKEN_HEADER = 'x-aws-ec2-metadata-token';

/** The list of roles, and the credentials of one whose name needs no decoding. */
const ROLE = `${ROLES_PATH}/`;
const PLAIN_NAME = /^[\w+=,.@-]+$/;

const WHOLE_NUMBER = /^[1-9]\d{0,4}$/;
const READ = new Set(['GET', 'HEAD']);
const NO_PROOF = { kind: 'none' } as const;

/**
 * Versions of the real service, which serves the same data under each. Here they are known so that a
 * token asked for there is refused in its own way. EC2 User Guide, "Get the available versions".
 */
const VERSIONS = (
  '1.0 2007-01-19 2007-03-01 2007-08-29 2007-10-10 2007-12-15 2008-02-01 ' +
  '2008-09-01 2009-04-04 2011-01-01 2011-05-01 2012-01-12 2014-02-25 2014-11-05 ' +
  '2015-10-20 2016-04-19 2016-06-30 2016-09-02 2018-03-28 2018-08-17 2018-09-24 ' +
  '2019-10-01 2020-08-24 2020-10-27 2021-01-03 2021-03-23 2021-07-15 2022-07-09 ' +
  '2022-09-24 2024-04-11'
).split(' ');

/**
 * The EC2 instance metadata service, version 2 and, where a workload allows it, version 1.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
 */
export default defineEndpoint({
  kind: 'imds',
  title: 'EC2 instance metadata service',
  spec: 'https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html',
  address: '169.254.169.254',
  paths: ['/latest', ...VERSIONS.map((version) => `/${version}`)],
  hosts: ['169.254.169.254', '[fd00:ec2::254]'],
  refuse: imdsRefusal,
  errorBody: imdsFailure,
  variables: metadataVariables,
  routes,
});

function routes(context: EndpointContext): EndpointRoutes {
  const tokens = createTokenTable(() => context.monotonic());
  const answers = metadataAnswers(context);

  const refuse = (connection: Connection, refusal: Answer, why: string): Answer => {
    context.refused(connection, why, refusal.status);
    return refusal;
  };

  const failed = (connection: Connection, thrown: unknown): Answer => {
    const error = toValetkeyError(thrown);
    return refuse(connection, imdsFailure(error), `${error.code}: ${error.message}`);
  };

  /** Who asks for the token is decided by the connection: the listener and the peer's uid. */
  const mint = (connection: Connection, ttl: string): Answer | Promise<Answer> => {
    const seconds = Number(ttl);
    if (!WHOLE_NUMBER.test(ttl) || seconds > TOKEN_MAX_SECONDS) {
      return refuse(connection, IMDS_BAD_TTL, 'missing or wrong token TTL');
    }
    return whenReady(context.identify(connection, NO_PROOF), (caller) =>
      caller === undefined
        ? refuse(connection, IMDS_FORBIDDEN, 'nobody’s connection')
        : whenReady(context.prepare(caller, METADATA_CHOICE), () =>
            textAnswer(200, tokens.mint(caller, seconds), { [TTL_HEADER]: ttl }),
          ),
    );
  };

  /**
   * A live token proves its holder: the user behind it was looked up when it was given, and again
   * after the workloads changed. A token that is shown must be good, even where none is needed.
   */
  const read = (
    connection: Connection,
    token: string | undefined,
    tell: MetadataAnswer,
    name: string | undefined,
  ): Answer | Promise<Answer> => {
    const holder = token === undefined ? undefined : tokens.holderOf(token);
    return holder !== undefined && context.holds(holder, connection)
      ? tell(holder, name)
      : readAnew(connection, token, tell, name);
  };

  const readAnew = (
    connection: Connection,
    token: string | undefined,
    tell: MetadataAnswer,
    name: string | undefined,
  ): Answer | Promise<Answer> =>
    whenReady(context.identify(connection, NO_PROOF), (caller) => {
      if (caller === undefined) return refuse(connection, IMDS_UNAUTHORIZED, 'nobody’s connection');
      const good = token === undefined ? caller.imdsV1 : tokens.check(caller, token);
      if (good) return tell(caller, name);
      const why = token === undefined ? 'no token, and IMDSv1 is off' : 'unknown or expired token';
      return refuse(connection, IMDS_UNAUTHORIZED, why);
    });

  const reader =
    (tell: MetadataAnswer) =>
    (c: Context<EndpointEnv>): Response | Promise<Response> =>
      whenReady(
        read(c.env.connection, c.req.header(TOKEN_HEADER), tell, c.req.param('name')),
        respond,
      );
  const absent = reader(() => IMDS_NOT_FOUND);

  const app = async () => {
    const { Hono } = await import('hono');
    const made = new Hono<EndpointEnv>({ getPath: requestPath });
    made.put(TOKEN_PATH, (c) =>
      whenReady(mint(c.env.connection, c.req.header(TTL_HEADER) ?? ''), respond),
    );
    made.get(TOKEN_PATH, () => respond(IMDS_TOKEN_METHOD));
    for (const [path, tell] of Object.entries(answers)) made.get(path, reader(tell));
    // A PUT to a versioned token path is refused by the real service, not taken for another version.
    made.put('/:version/api/token', (c) =>
      respond(refuse(c.env.connection, IMDS_FORBIDDEN, 'token path with a version')),
    );
    made.notFound((c) => {
      if (c.req.path === TOKEN_PATH) return respond(IMDS_TOKEN_METHOD);
      return READ.has(c.req.method) ? absent(c) : respond(IMDS_READ_ONLY);
    });
    made.onError((thrown, c) => respond(failed(c.env.connection, thrown)));
    return made;
  };

  const roles = answers[ROLES_PATH] ?? (() => IMDS_NOT_FOUND);
  const role = answers[`${ROLES_PATH}/:name`] ?? (() => IMDS_NOT_FOUND);

  // What is absent, repeated or odd in any other way is told apart in `app`.
  const direct: Readonly<Record<string, EndpointRoutes['direct']>> = {
    PUT({ connection, target, rawHeaders }) {
      if (target !== TOKEN_PATH || declaresBody(rawHeaders)) return undefined;
      const ttl = singleHeader(rawHeaders, TTL_HEADER);
      return ttl === undefined ? undefined : mint(connection, ttl);
    },
    GET({ connection, target, rawHeaders }) {
      if (!target.startsWith(ROLE)) return undefined;
      const name = target.slice(ROLE.length);
      const token = singleHeader(rawHeaders, TOKEN_HEADER);
      if (token === undefined) return undefined;
      if (name === '') return read(connection, token, roles, undefined);
      return PLAIN_NAME.test(name) ? read(connection, token, role, name) : undefined;
    },
  };

  return {
    app,
    direct(request) {
      const { connection, method } = request;
      try {
        const answer = direct[method]?.(request);
        return answer instanceof Promise
          ? answer.catch((thrown: unknown) => failed(connection, thrown))
          : answer;
      } catch (thrown) {
        return failed(connection, thrown);
      }
    },
  };
}
