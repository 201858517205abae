import type { AuthMethodView, FieldView, ResourceTypeView, TypeView } from '../core/view.ts';
import { flagOf } from './attributes.ts';
import { properties, table, valueText } from './table.ts';
import { printable } from './terminal.ts';
import { duration } from './times.ts';

const NARROWS = {
  yes: 'yes',
  no: 'no: what it issues may do all that its identity may',
  depends: 'depends on its configuration',
} as const;

/** A connector type and what there is to choose from. */
export function typeText(type: TypeView): string {
  return [
    `${type.title} (${type.kind})`,
    printable(type.description),
    table(
      ['AUTH METHOD', 'WHAT IT DOES'],
      type.authMethods.map((method) => [method.kind, method.title]),
    ),
    table(
      ['RESOURCE TYPE', 'WHAT IT IS'],
      type.resourceTypes.map((resource) => [resource.kind, resource.title]),
    ),
    type.autoConfigure
      ? `Found on this machine by itself: valetkey connector register <name> --type ${type.kind} --auto-configure`
      : 'There is no --auto-configure for this type.',
    `More: valetkey connector describe-type ${type.kind} --auth-method <auth-method> | --resource-type <resource-type>`,
  ].join('\n\n');
}

export function authMethodText(type: TypeView, method: AuthMethodView): string {
  const { lifetime } = method;
  return [
    `${method.title} (${type.kind}, ${method.kind})`,
    printable(method.description),
    properties({
      'NARROWS TO A RESOURCE': NARROWS[method.narrows],
      INSTEAD: method.alternatives,
      LIFETIME:
        lifetime === undefined
          ? 'decided by the source'
          : `${duration(lifetime.default)} (from ${duration(lifetime.min)} to ${duration(lifetime.max)})`,
      'NEEDS A LOGIN': method.login ? 'yes: valetkey connector login <name>' : undefined,
      'OFF UNLESS CONFIGURED': method.implicit ? 'yes' : undefined,
    }),
    fieldsText(method.fields),
  ].join('\n\n');
}

/** Attributes as flags, with everything a person must know to give one. */
function fieldsText(fields: readonly FieldView[]): string {
  return table(
    ['ATTRIBUTE', 'TYPE', 'SECRET', 'REQUIRED', 'DEFAULT', 'DESCRIPTION'],
    fields.map((field) => [
      flagOf(field.name),
      field.type,
      field.secret ? 'yes' : 'no',
      field.required ? 'yes' : 'no',
      field.default === undefined ? '' : valueText(field.default),
      field.description,
    ]),
  );
}

export function resourceTypeText(type: TypeView, resource: ResourceTypeView): string {
  return [
    `${resource.title} (${type.kind}, ${resource.kind})`,
    printable(resource.description),
    properties({
      INSTANCES: resource.instances ? 'yes: a resource id names one' : 'no',
      ACCESS: resource.access.join(', '),
      'ID FORMATS': resource.idFormats.join('\n'),
      'NEEDED PERMISSIONS': resource.permissions.join('\n'),
    }),
  ].join('\n\n');
}
