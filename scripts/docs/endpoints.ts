import { z } from 'zod';

import { ERRORS, ValetkeyError } from '../../src/core/errors.ts';
import type { ErrorCode } from '../../src/core/errors.ts';
import { HELPERS } from '../../src/credential-helpers/index.ts';
import type { Endpoint, Variables, VariablesInput } from '../../src/endpoints/contract.ts';
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

const GOOGLE: VariablesInput = {
  baseUrl: 'http://127.0.0.1:9911',
  tokenFile: '<token file>',
  token: '<token>',
  region: '<region>',
  account: {
    cloud: 'google',
    email: '<e-mail>',
    projectId: '<project>',
    quotaProject: '<quota project>',
    universeDomain: 'googleapis.com',
    scopes: [],
    audiences: 'any',
  },
};

const AZURE: VariablesInput = {
  ...GOOGLE,
  account: {
    cloud: 'azure',
    clientId: '<client id>',
    tenantId: '<tenant>',
    subscriptionId: '<subscription>',
    environment: 'AzurePublicCloud',
    audiences: [],
  },
};

function variablesOf(endpoint: Endpoint): Variables {
  return endpoint.variables(endpoint.kind.startsWith('azure-') ? AZURE : GOOGLE);
}

/** What `valetkey env` and `exec` set and clear, cloud by cloud. */
export function variableTables(): string {
  return byCloud().map(tablesOf).join('\n\n');
}

/** Endpoints of one cloud have variables in common; proxy exceptions are everybody's. */
function byCloud(): readonly (readonly Endpoint[])[] {
  const groups: { readonly names: Set<string>; readonly members: Endpoint[] }[] = [];
  for (const endpoint of endpoints) {
    const { set, clear } = variablesOf(endpoint);
    const names = [...Object.keys(set), ...clear].filter((name) => !/^no_proxy$/i.test(name));
    const known = groups.find((group) => names.some((name) => group.names.has(name)));
    if (known === undefined) groups.push({ names: new Set(names), members: [endpoint] });
    else {
      known.members.push(endpoint);
      for (const name of names) known.names.add(name);
    }
  }
  return groups.map(({ members }) => members);
}

/** What all endpoints of the cloud agree on is told once. */
function tablesOf(members: readonly Endpoint[]): string {
  const sets = members.map(variablesOf);
  const names = [...new Set(sets.flatMap(({ set, clear }) => [...Object.keys(set), ...clear]))];
  const values = names.map((name) => ({ name, cells: sets.map((one) => valueOf(one, name)) }));
  const shared = values.filter(({ cells }) => new Set(cells).size === 1);
  const differing = values.filter((row) => !shared.includes(row));
  const cleared = shared.filter(({ cells }) => cells[0] === CLEARED);
  const kinds = members.map(({ kind }) => code(kind));
  return [
    ...(differing.length === 0
      ? []
      : [
          table(
            ['variable', ...kinds],
            differing.map(({ name, cells }) => [code(name), ...cells]),
          ),
        ]),
    table(
      ['variable', kinds.join(', ')],
      shared
        .filter((row) => !cleared.includes(row))
        .map(({ name, cells }) => [code(name), cells[0] ?? '']),
    ),
    `Cleared for ${kinds.join(', ')}: ${cleared.map(({ name }) => code(name)).join(', ')}.`,
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
  return Object.keys(variablesOf(endpoint).set).filter((name) =>
    /ENDPOINT|CONTAINER|GCE_METADATA|IDENTITY/.test(name),
  );
}

function isErrorCode(name: string): name is ErrorCode {
  return Object.hasOwn(ERRORS, name);
}

/** Every protocol of AWS has its word for a failure there; Google’s answers are sentences. */
const Body = z.object({ Code: z.string().optional() });

interface Answer {
  readonly status: number;
  readonly word: string;
}

/** What happens to a person at the command line, never to a client of an endpoint. */
const COMMANDS_ALONE: ReadonlySet<ErrorCode> = new Set([
  'USAGE',
  'CONFIG_UNREADABLE',
  'NAME_TAKEN',
  'IN_USE',
  'CATALOG_WRITE_FAILED',
  'DAEMON_UNREACHABLE',
  'DAEMON_RUNNING',
  'ADDRESS_IN_USE',
  'ADDRESS_REFUSED',
  'ADDRESS_UNAVAILABLE',
  'UNSAFE_FILE',
  'CLIENT_FAILED',
]);

/** What each endpoint makes of an error; codes that all answer as an inner fault share the last row. */
export function statusTable(): string {
  const inner = answersTo('INTERNAL').map(answerText);
  const rows: (readonly string[])[] = [];
  for (const error of Object.keys(ERRORS).filter(isErrorCode)) {
    if (COMMANDS_ALONE.has(error)) continue;
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
    return { status, word: body.startsWith('{') ? (Body.parse(JSON.parse(body)).Code ?? '') : '' };
  });
}

function answerText({ status, word }: Answer): string {
  return word === '' ? String(status) : `${status} ${code(word)}`;
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
