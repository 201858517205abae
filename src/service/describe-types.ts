import { z } from 'zod';

import type { AuthMethod, ConnectorType, ResourceType } from '../connectors/contract.ts';
import type { AuthMethodView, FieldView, ResourceTypeView, TypeView } from '../core/view.ts';
import { narrowing } from './narrowing.ts';

interface FieldSchema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly description?: string;
  readonly default?: unknown;
}

/** A connector type as data: prompts, validation help and documentation are made from this. */
export function typeView(type: ConnectorType): TypeView {
  return {
    kind: type.kind,
    title: type.title,
    description: type.description,
    autoConfigure: type.autoConfigure !== undefined,
    authMethods: Object.values(type.authMethods).map((method) => methodView(type, method)),
    resourceTypes: Object.values(type.resourceTypes).map(resourceTypeView),
  };
}

function methodView(type: ConnectorType, method: AuthMethod): AuthMethodView {
  return {
    kind: method.kind,
    title: method.title,
    description: method.description,
    narrows: narrowing(type, method),
    alternatives: method.alternatives,
    lifetime: method.lifetime,
    login: method.login !== undefined,
    implicit: method.implicit === true,
    fields: fieldsOf(method),
  };
}

/** Every field a method takes, the public ones first. */
export function fieldsOf(method: AuthMethod): readonly FieldView[] {
  return [...shapeOf(method.config, false), ...shapeOf(method.secret, true)];
}

function shapeOf(schema: z.ZodObject, secret: boolean): readonly FieldView[] {
  const json = z.toJSONSchema(schema, { io: 'output', unrepresentable: 'any' });
  const properties = (json.properties ?? {}) as Readonly<Record<string, FieldSchema>>;
  return Object.entries(properties).map(([name, field]) => ({
    name,
    type: field.enum === undefined ? (field.type ?? 'string') : field.enum.join(' | '),
    secret,
    required: (json.required?.includes(name) ?? false) && field.default === undefined,
    ...(field.default === undefined ? {} : { default: field.default }),
    description: field.description ?? '',
  }));
}

function resourceTypeView(type: ResourceType): ResourceTypeView {
  return {
    kind: type.kind,
    title: type.title,
    description: type.description,
    instances: type.instances,
    access: type.access,
    permissions: type.permissions,
    idFormats: type.idFormats,
  };
}
