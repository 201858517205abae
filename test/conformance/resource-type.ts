import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import type { ConnectorType, ResourceType } from '../../src/connectors/contract.ts';
import { ACCESS } from '../../src/core/credential.ts';

export interface ResourceTypesUnderTest {
  /** What a connector of this type has at least. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Per type: ids as people write them, and texts that are none. */
  readonly ids: Readonly<
    Record<string, { readonly good: readonly string[]; readonly bad: readonly string[] }>
  >;
}

/** What every resource type of a connector type must do; see `ResourceTypeSpec`. */
export function describeResourceTypes(type: ConnectorType, under: ResourceTypesUnderTest): void {
  describe(`resource types of ${type.kind}`, () => {
    it('each is in the file of its name, and each file is registered', () => {
      const folder = new URL(`../../src/connectors/${type.kind}/resource-types/`, import.meta.url);
      const files = readdirSync(folder).map((file) => file.replace(/\.ts$/, ''));
      expect(Object.keys(type.resourceTypes).sort()).toEqual(files.sort());
      expect(Object.keys(under.ids).sort()).toEqual(files.sort());
    });

    for (const [key, resourceType] of Object.entries(type.resourceTypes)) {
      const { good = [], bad = [] } = under.ids[key] ?? {};
      describe(key, () => {
        describeEntry(key, resourceType);
        describeIds(resourceType, good, bad, under.config);
        describeScopes(type, resourceType, good, under.config);
      });
    }
  });
}

function describeEntry(key: string, entry: ResourceType): void {
  it('says what it is', () => {
    expect(entry.kind).toBe(key);
    expect(entry.title).toMatch(/^\S.{2,60}[^.]$/);
    expect(entry.description).toMatch(/^\S[^]{40,}\.$/);
    expect(entry.idFormats.length).toBeGreaterThan(0);
    expect(entry.access.length).toBeGreaterThan(0);
    expect(ACCESS).toEqual(expect.arrayContaining([...entry.access]));
  });

  it('can be listed exactly when it has instances', () => {
    expect(entry.list !== undefined).toBe(entry.instances);
  });
}

function describeIds(
  entry: ResourceType,
  good: readonly string[],
  bad: readonly string[],
  config: Readonly<Record<string, unknown>>,
): void {
  it.each(good)('%s has one canonical form', (id) => {
    const canonical = entry.canonical(id, config);
    expect(entry.canonical(canonical, config)).toBe(canonical);
    expect(entry.covers?.(canonical, canonical) ?? true).toBe(true);
  });

  it.each(['', ' ', '\0', 'x'.repeat(5000), '{}', '*', '-', '../..', ...bad])(
    '%.20j is refused',
    (id) => {
      expect(() => entry.canonical(id, config)).toThrow(
        expect.objectContaining({ code: 'INPUT_INVALID', subject: 'resource_id' }),
      );
    },
  );
}

function describeScopes(
  type: ConnectorType,
  entry: ResourceType,
  good: readonly string[],
  config: Readonly<Record<string, unknown>>,
): void {
  const ids = [undefined, ...good.map((id) => entry.canonical(id, config))];
  const scopes = ids.flatMap((id) =>
    entry.access.map((access) => ({ type: entry.kind, id, access })),
  );

  it.each(scopes)('a scope is plain data, the same each time: $id $access', (resource) => {
    const scope = entry.narrow(resource, config);
    expect(scope).toEqual(entry.narrow(resource, config));
    if (scope !== undefined) expect(JSON.parse(JSON.stringify(scope))).toEqual(scope);
    expect(type.merge([scope])).toEqual(type.merge([scope, scope]));
    expect(type.merge([scope, undefined])).toBeUndefined();
  });
}
