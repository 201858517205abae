import { z } from 'zod';

import { ValetkeyError } from '../../core/errors.ts';
import { secret, type Secret } from '../../core/secret.ts';
import { readRegularFile } from '../../files/regular-file.ts';
import type { Machine } from '../contract.ts';
import { mapOf } from '../fields/flat-values.ts';
import { namesNobody } from './near-hosts.ts';
import { fetchText } from './token-http.ts';

/*
 * Where a web identity token comes from: a file that something else keeps fresh (Kubernetes), or a
 * URL (GitHub Actions, a metadata server).
 * https://docs.github.com/en/actions/reference/security/oidc#methods-for-requesting-the-oidc-token
 */

/** WebIdentityToken. STS API Reference, AssumeRoleWithWebIdentity. */
const TOKEN_MIN_CHARS = 4;
const TOKEN_MAX_CHARS = 20_000;
const FILE_MAX_BYTES = 65_536;

const path = z.string().min(1);
const variable = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'this is no name of a variable');

const SECRET_HEADERS = new Set(['authorization', 'proxy-authorization', 'cookie']);

export const tokenFields = {
  token_file: path.optional().describe('File with the token, read each time'),
  token_url: z
    .url({ protocol: /^https?$/, error: 'use an https:// URL', abort: true })
    .refine(namesNobody, 'a URL carries no user and password: use token_bearer')
    .optional()
    .describe(
      'URL that answers with the token, as JSON (value, token, id_token, access_token) or as text',
    ),
  token_url_env: variable
    .optional()
    .describe('Variable of the daemon that holds the URL, such as ACTIONS_ID_TOKEN_REQUEST_URL'),
  token_audience: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Audience to ask for, added to the URL: sts.amazonaws.com for AWS, api://AzureADTokenExchange for Entra',
    ),
  token_bearer_env: variable
    .optional()
    .describe('Variable with the bearer token for the URL, such as ACTIONS_ID_TOKEN_REQUEST_TOKEN'),
  token_bearer_file: path.optional().describe('File with the bearer token for the URL'),
  token_headers: mapOf(
    z
      .string()
      .regex(/^[\w-]+$/, 'this is no name of a header')
      .refine(
        (name) => !SECRET_HEADERS.has(name.toLowerCase()),
        'such a header is a secret, and the connector’s file is not: use token_bearer',
      ),
    z.string().regex(/^[\t\u0020-\u007e]*$/, 'a header has printable characters only'),
  )
    .optional()
    .describe('Further headers for the URL (Metadata-Flavor=Google)'),
};

export type TokenConfig = z.output<z.ZodObject<typeof tokenFields>>;

/** For `superRefine` of a method's schema. */
export function checkTokenSource(config: TokenConfig, ctx: z.RefinementCtx): void {
  const sources = [config.token_file, config.token_url, config.token_url_env];
  if (sources.filter((source) => source !== undefined).length === 1) return;
  ctx.addIssue({
    code: 'custom',
    path: ['token_file'],
    message: 'give exactly one of token_file, token_url and token_url_env',
  });
}

/** What a token is read with. */
export interface TokenSource {
  /** The connector's secrets: `token_bearer` is one of them. */
  readonly stored: Readonly<Record<string, Secret>>;
  readonly machine: Machine;
  /** Variables that may name a file with certificate authorities. */
  readonly caVariables: readonly string[];
  readonly signal: AbortSignal;
}

/** The token, fresh. Throws `SECRET_MISSING`, `UPSTREAM_UNAVAILABLE`, `UPSTREAM_MALFORMED`, `UPSTREAM_DENIED`. */
export async function readIdentityToken(config: TokenConfig, source: TokenSource): Promise<Secret> {
  const raw =
    config.token_file === undefined
      ? await askForToken(config, source)
      : await readSecretFile(config.token_file, 'token_file', source.signal);
  const token = raw.trim();
  if (token.length >= TOKEN_MIN_CHARS && token.length <= TOKEN_MAX_CHARS && !/\s/.test(token)) {
    return secret(token);
  }
  throw new ValetkeyError('UPSTREAM_MALFORMED', { reason: 'this is not a web identity token' });
}

async function askForToken(config: TokenConfig, source: TokenSource): Promise<string> {
  const { machine, caVariables, signal } = source;
  const url = URL.parse(
    config.token_url ?? fromEnv(machine, config.token_url_env, 'token_url_env'),
  );
  if (url === null) {
    const reason = `the daemon’s variable ${config.token_url_env} holds no URL`;
    throw new ValetkeyError('CONFIG_INVALID', { subject: 'token_url_env', reason });
  }
  if (config.token_audience !== undefined) url.searchParams.set('audience', config.token_audience);
  const bearer = await bearerOf(config, source);
  const headers: Record<string, string> = {
    accept: 'application/json, text/plain, */*',
    ...config.token_headers,
    ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
  };
  return tokenIn(await fetchText({ url, headers, env: machine.env, caVariables, signal }));
}

async function bearerOf(
  config: TokenConfig,
  { stored, machine, signal }: TokenSource,
): Promise<string | undefined> {
  if (config.token_bearer_env !== undefined) {
    return fromEnv(machine, config.token_bearer_env, 'token_bearer_env');
  }
  if (config.token_bearer_file !== undefined) {
    return (await readSecretFile(config.token_bearer_file, 'token_bearer_file', signal)).trim();
  }
  return stored['token_bearer']?.reveal();
}

function fromEnv(machine: Machine, name: string | undefined, field: string): string {
  const value = name === undefined ? undefined : machine.env[name];
  if (value !== undefined && value !== '') return value;
  throw new ValetkeyError('SECRET_MISSING', {
    subject: field,
    reason: `the daemon has no variable ${name}`,
  });
}

async function readSecretFile(file: string, field: string, signal: AbortSignal): Promise<string> {
  try {
    return await readRegularFile(file, FILE_MAX_BYTES, signal);
  } catch (cause) {
    if (signal.aborted) throw signal.reason;
    throw new ValetkeyError('SECRET_MISSING', {
      subject: field,
      reason: 'the file cannot be read',
      cause,
    });
  }
}

const Answer = z
  .object({ value: z.string(), token: z.string(), id_token: z.string(), access_token: z.string() })
  .partial()
  .transform((answer) => answer.value ?? answer.token ?? answer.id_token ?? answer.access_token);

function tokenIn(body: string): string {
  if (!body.trimStart().startsWith('{')) return body;
  try {
    const token = Answer.parse(JSON.parse(body));
    if (token !== undefined) return token;
  } catch {
    // What follows says it; the parser's own words would quote the answer.
  }
  throw new ValetkeyError('UPSTREAM_MALFORMED', { reason: 'the answer holds no token' });
}
