import { z } from 'zod';

import type { AuthMethod, ConnectorType, ResourceType } from '../connectors/contract.ts';
import type { AuthMethodView } from '../core/view.ts';

type Config = Readonly<Record<string, unknown>>;

/**
 * Does a method narrow to single resources? Its own function is asked with every configuration that
 * could make a difference and for every kind of resource; `depends`, when the answers differ.
 */
export function narrowing(type: ConnectorType, method: AuthMethod): AuthMethodView['narrows'] {
  const kinds = Object.values(type.resourceTypes).filter(({ instances }) => instances);
  const answers = new Set(
    sampleConfigs(method).flatMap((config) =>
      kinds.map((kind) => method.narrows(config, sampleScope(kind, config))),
    ),
  );
  if (answers.size > 1) return 'depends';
  return answers.has(true) ? 'yes' : 'no';
}

/** The defaults alone, and with each single field set in each way that a program can tell apart. */
function sampleConfigs(method: AuthMethod): readonly Config[] {
  const json = z.toJSONSchema(method.config, { io: 'output', unrepresentable: 'any' });
  const fields = Object.entries(json.properties ?? {}).filter(
    (entry): entry is [string, z.core.JSONSchema.JSONSchema] => typeof entry[1] === 'object',
  );
  const defaults = Object.fromEntries(
    fields.flatMap(([name, field]) => (field.default === undefined ? [] : [[name, field.default]])),
  );
  const varied = fields.flatMap(([name, field]) =>
    samplesOf(field).map((value) => ({ ...defaults, [name]: value })),
  );
  return [defaults, ...varied];
}

function samplesOf(field: z.core.JSONSchema.JSONSchema): readonly unknown[] {
  if (field.enum !== undefined) return field.enum;
  if (field.type === 'boolean') return [true, false];
  return field.type === 'string' ? ['any'] : [];
}

/** What one resource of the kind asks for; `undefined`, any at all, where no example will do. */
function sampleScope(kind: ResourceType, config: Config): unknown {
  const [access = 'full'] = kind.access;
  for (const format of kind.idFormats) {
    try {
      const id = kind.canonical(exampleOf(format), config);
      return kind.narrow({ type: kind.kind, id, access }, config);
    } catch {
      // Some formats have parts that no example fits: the next one.
    }
  }
  return undefined;
}

/** `gs://<bucket>[/<prefix>/]` → `gs://example` */
function exampleOf(format: string): string {
  return format.replaceAll(/\[.*?\]/g, '').replaceAll(/<[^>]*>/g, 'example');
}
