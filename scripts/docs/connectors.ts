import { CONNECTOR_TYPES } from '../../src/connectors/index.ts';
import type { AuthMethodView, FieldView, ResourceTypeView, TypeView } from '../../src/core/view.ts';
import { typeView } from '../../src/service/describe-types.ts';
import { code, table } from './text.ts';

/** Every connector type: its methods, their fields, its resource types. */
export function connectorSections(): string {
  const anchors = createAnchors();
  return Object.values(CONNECTOR_TYPES)
    .map(typeView)
    .map((type) => typeSection(type, anchors))
    .join('\n\n');
}

/** As GitHub names headings: a second one of the same words gets a number. */
function createAnchors(): (heading: string) => string {
  const seen = new Map<string, number>();
  return (heading) => {
    const before = seen.get(heading) ?? 0;
    seen.set(heading, before + 1);
    return before === 0 ? `#${heading}` : `#${heading}-${before}`;
  };
}

function typeSection(type: TypeView, anchor: (heading: string) => string): string {
  return [
    `## ${code(type.kind)}: ${type.title}`,
    type.description,
    type.autoConfigure
      ? `Found by itself: ${code(`valetkey connector register <name> --type ${type.kind} --auto-configure`)}`
      : 'There is no `--auto-configure` for this type.',
    '### Auth methods',
    table(
      ['auth method', 'what it is', 'narrows to a resource', 'lifetime', 'login'],
      type.authMethods.map((method) => [
        `[${code(method.kind)}](${anchor(method.kind)})`,
        method.title,
        method.narrows,
        lifetimeText(method),
        method.login ? 'where its configuration needs one' : '',
      ]),
    ),
    ...type.authMethods.map(methodSection),
    '### Resource types',
    table(
      ['resource type', 'what it is', 'ids', 'access'],
      type.resourceTypes.map((resource) => [
        `[${code(resource.kind)}](${anchor(resource.kind)})`,
        resource.title,
        resource.idFormats.map(code).join(', '),
        resource.access.map(code).join(', '),
      ]),
    ),
    ...type.resourceTypes.map(resourceSection),
  ].join('\n\n');
}

function methodSection(method: AuthMethodView): string {
  const notes = [
    ...(method.implicit
      ? ['Off unless `policy.implicit.allow` in config.yaml lists what it may yield.']
      : []),
    ...(method.alternatives === undefined ? [] : [`To narrow: ${method.alternatives}.`]),
  ];
  return [
    `#### ${code(method.kind)}`,
    method.description,
    ...notes,
    table(['attribute', 'kept in', 'needed', 'default', 'meaning'], method.fields.map(fieldRow)),
  ].join('\n\n');
}

function fieldRow(field: FieldView): readonly string[] {
  return [
    code(field.name),
    field.secret ? 'the store' : 'the connector file',
    field.required ? 'yes' : '',
    field.default === undefined ? '' : code(JSON.stringify(field.default)),
    field.description,
  ];
}

function resourceSection(resource: ResourceTypeView): string {
  return [
    `#### ${code(resource.kind)}`,
    resource.description,
    ...(resource.permissions.length === 0
      ? []
      : [
          `Permissions that the connector’s identity needs: ${resource.permissions.map(code).join(', ')}.`,
        ]),
  ].join('\n\n');
}

function lifetimeText({ lifetime }: AuthMethodView): string {
  if (lifetime === undefined) return 'the source’s own';
  return `${hours(lifetime.default)} (${hours(lifetime.min)} to ${hours(lifetime.max)})`;
}

function hours(seconds: number): string {
  return seconds < 3600 ? `${seconds / 60} min` : `${seconds / 3600} h`;
}
