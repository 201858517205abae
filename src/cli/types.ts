import type { ControlApi } from '../control/api.ts';
import { ValetkeyError } from '../core/errors.ts';
import type { AuthMethodView, ResourceTypeView, TypeView } from '../core/view.ts';

/** A connector type as the catalogue has it. */
export async function findType(api: ControlApi, kind: string): Promise<TypeView> {
  const found = (await api.listTypes({ type: kind })).find((type) => type.kind === kind);
  if (found !== undefined) return found;
  const known = await api.listTypes({});
  return unknown(
    'connector type',
    '--type',
    kind,
    known.map((type) => type.kind),
  );
}

export function findAuthMethod(type: TypeView, kind: string): AuthMethodView {
  const found = type.authMethods.find((method) => method.kind === kind);
  const known = type.authMethods.map((method) => method.kind);
  return found ?? unknown(`auth method of ${type.kind}`, '--auth-method', kind, known);
}

export function findResourceType(type: TypeView, kind: string): ResourceTypeView {
  const found = type.resourceTypes.find((resource) => resource.kind === kind);
  const known = type.resourceTypes.map((resource) => resource.kind);
  return found ?? unknown(`resource type of ${type.kind}`, '--resource-type', kind, known);
}

/** The method meant: the one named, or a type's only one. */
export function impliedMethod(
  type: TypeView,
  kind: string | undefined,
): AuthMethodView | undefined {
  if (kind !== undefined) return findAuthMethod(type, kind);
  return type.authMethods.length === 1 ? type.authMethods[0] : undefined;
}

/** Names of the secret attributes: of one method, or of all while none is chosen. */
export function secretKeys(type: TypeView, method: AuthMethodView | undefined): Set<string> {
  const methods = method === undefined ? type.authMethods : [method];
  const fields = methods.flatMap((one) => one.fields);
  return new Set(fields.filter((field) => field.secret).map((field) => field.name));
}

function unknown(what: string, subject: string, given: string, known: readonly string[]): never {
  throw new ValetkeyError('INPUT_INVALID', {
    subject,
    reason: `there is no ${what} “${given}”`,
    hint: `choose one of: ${known.join(', ')}`,
  });
}
