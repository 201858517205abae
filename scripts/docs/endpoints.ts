import { z } from 'zod';

import { ERRORS, ValetkeyError } from '../../src/core/errors.ts';
import type { ErrorCode } from '../../src/core/errors.ts';
import { HELPERS } from '../../src/credential-helpers/index.ts';
import type { Endpoint, Variables } from '../../src/endpoints/contract.ts';
import { ENDPOINTS } from '../../src/endpoints/index.ts';
import { code, table } from './text.ts';

const endpoints: readonly Endpoint[] = Object.values(ENDPOINTS);

export function endpointTable(): string {
  return table(
    ['endpoint', 'what it emulates', 'unasked at', 'variables that lead there'],
    endpoints.map((endpoint) => [
      code(endpoint.kind),
      `[${endpoint.title}](${endpoint.spec})`,
      endpoint.address === undefined ? '' : code(endpoint.address),
      leading(endpoint).map(code).join(', '),
    ]),
  );
}

const EXAMPLE = {
  baseUrl: 'http://127.0.0.1:9911',
  tokenFile: '<token file>',
  token: '<token>',
  region: '<region>',
};

/** What `valetkey env` and `exec` set and clear: what all endpoints agree on is told once. */
export function variableTables(): string {
  const sets = endpoints.map((endpoint) => endpoint.variables(EXAMPLE));
  const names = [...new Set(sets.flatMap(({ set, clear }) => [...Object.keys(set), ...clear]))];
  const values = names.map((name) => ({ name, cells: sets.map((one) => valueOf(one, name)) }));
  const shared = values.filter(({ cells }) => new Set(cells).size === 1);
  const cleared = shared.filter(({ cells }) => cells[0] === CLEARED);
  return [
    table(
      ['variable', ...endpoints.map(({ kind }) => code(kind))],
      values
        .filter((row) => !shared.includes(row))
        .map(({ name, cells }) => [code(name), ...cells]),
    ),
    table(
      ['variable', 'for all of them'],
      shared
        .filter((row) => !cleared.includes(row))
        .map(({ name, cells }) => [code(name), cells[0] ?? '']),
    ),
    `Cleared for all of them: ${cleared.map(({ name }) => code(name)).join(', ')}.`,
  ].join('\n\n');
}

const CLEARED = 'cleared';

function valueOf({ set, clear }: Variables, name: string): string {
  const value = set[name];
  if (value !== undefined) return code(value);
  return clear.includes(name) ? CLEARED : '';
}

/** Variables of this protocol alone. */
function leading(endpoint: Endpoint): readonly string[] {
  return Object.keys(endpoint.variables(EXAMPLE).set).filter((name) =>
    /ENDPOINT|CONTAINER/.test(name),
  );
}

function isErrorCode(name: string): name is ErrorCode {
  return Object.hasOwn(ERRORS, name);
}

/** Every protocol of AWS has its word for a failure there. */
const Body = z.object({ Code: z.string().optional() });

interface Answer {
  readonly status: number;
  readonly word: string;
}

/** What each endpoint makes of an error; codes that all answer as an inner fault share the last row. */
export function statusTable(): string {
  const inner = answersTo('INTERNAL').map(answerText);
  const rows: (readonly string[])[] = [];
  for (const error of Object.keys(ERRORS).filter(isErrorCode)) {
    const answers = answersTo(error).map(answerText);
    if (answers.join() !== inner.join()) rows.push([code(error), ...answers]);
  }
  return table(
    ['error', ...endpoints.map(({ kind }) => code(kind))],
    [...rows, ['every other', ...inner]],
  );
}

function answersTo(error: ErrorCode): readonly Answer[] {
  return endpoints.map((endpoint) => {
    const { status, body } = endpoint.errorBody(new ValetkeyError(error));
    return { status, word: Body.parse(JSON.parse(body)).Code ?? '' };
  });
}

function answerText({ status, word }: Answer): string {
  return `${status} ${code(word)}`;
}

export function helperTable(): string {
  return table(
    ['helper', 'what it is for', 'command'],
    Object.values(HELPERS).map(({ kind, title, spec, command }) => [
      code(kind),
      `[${title}](${spec})`,
      code(command),
    ]),
  );
}
