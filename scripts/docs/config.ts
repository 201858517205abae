import { format } from 'oxfmt';
import { z } from 'zod';

import { ConfigSchema } from '../../src/config/schema.ts';
import { STORE_KINDS, STORES } from '../../src/stores/index.ts';
import { code, table } from './text.ts';

/** The part of JSON Schema that our own schema uses. */
interface Node {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly additionalProperties?: Node | boolean;
  readonly items?: Node;
  readonly anyOf?: readonly Node[];
  readonly required?: readonly string[];
}

const schema = z.toJSONSchema(ConfigSchema, { io: 'input' });
const root: Node = JSON.parse(JSON.stringify(schema));

/** What an editor checks config.yaml with. */
export async function configSchema(): Promise<string> {
  const titled = { $schema: schema.$schema, title: 'valetkey config.yaml', ...schema };
  const { code: text, errors } = await format('config.schema.json', JSON.stringify(titled), {
    printWidth: 100,
  });
  if (errors.length > 0) throw new Error('the schema cannot be formatted', { cause: errors });
  return text;
}

export function keyTable(): string {
  return table(['key', 'value', 'needed', 'default', 'meaning'], [...rowsOf('', root)]);
}

function* rowsOf(prefix: string, node: Node): Iterable<readonly string[]> {
  for (const [name, child] of Object.entries(node.properties ?? {})) {
    const path = prefix === '' ? name : `${prefix}.${name}`;
    yield rowOf(path, child, node.required?.includes(name) === true);
    yield* below(path, child);
  }
}

function* below(path: string, node: Node): Iterable<readonly string[]> {
  yield* rowsOf(path, node);
  if (typeof node.additionalProperties === 'object') {
    yield* below(`${path}.<name>`, node.additionalProperties);
  }
  if (node.items === undefined) return;
  // A list of alternatives: each has its own keys.
  for (const item of node.items.anyOf ?? [node.items]) yield* rowsOf(`${path}[]`, item);
}

function rowOf(path: string, node: Node, required: boolean): readonly string[] {
  return [
    code(path),
    valueOf(node),
    required ? 'yes' : '',
    defaultOf(node),
    node.description ?? '',
  ];
}

/** Of a group of keys each key tells its own. */
function defaultOf({ type, default: value }: Node): string {
  if (value === undefined || type === 'object') return '';
  return code(typeof value === 'string' ? value : JSON.stringify(value));
}

function valueOf({ type, enum: choices, const: only, items }: Node): string {
  if (choices !== undefined) return choices.map((choice) => code(String(choice))).join(', ');
  if (only !== undefined) return code(JSON.stringify(only));
  if (type === 'array') return items?.type === 'string' ? 'list of texts' : 'list';
  return (
    { string: 'text', integer: 'whole number', boolean: 'true or false', object: 'keys' }[
      type ?? ''
    ] ?? ''
  );
}

export async function storeTable(): Promise<string> {
  const definitions = await Promise.all(STORE_KINDS.map((kind) => STORES[kind]()));
  return table(
    ['store', 'what it is', 'what it does'],
    definitions.map(({ kind, title, description }) => [code(kind), title, description]),
  );
}
