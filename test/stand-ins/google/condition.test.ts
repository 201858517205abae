import { describe, expect, it } from 'vitest';
import { parseCondition } from '../../../src/stand-ins/google/sts/condition.ts';

const OBJECT = { resourceName: 'projects/_/buckets/b/objects/a/x', objectListPrefix: undefined };
const LISTING = { resourceName: 'projects/_/buckets/b', objectListPrefix: 'a/' };
const LIST = "api.getAttribute('storage.googleapis.com/objectListPrefix', '')";

describe('a condition', () => {
  it.each([
    {
      expression: "resource.name.startsWith('projects/_/buckets/b/objects/a/')",
      object: true,
      listing: false,
    },
    {
      expression: 'resource.name.startsWith("projects/_/buckets/b/objects/c/")',
      object: false,
      listing: false,
    },
    { expression: `${LIST}.startsWith('a/')`, object: false, listing: true },
    { expression: `${LIST} == 'a/'`, object: false, listing: true },
    { expression: `${LIST} != ''`, object: false, listing: true },
    { expression: "api.getAttribute('unknown', 'd') == 'd'", object: true, listing: true },
    {
      expression: "resource.type == 'storage.googleapis.com/Object'",
      object: true,
      listing: false,
    },
    {
      expression: "resource.type == 'storage.googleapis.com/Bucket'",
      object: false,
      listing: true,
    },
    { expression: "resource.service == 'storage.googleapis.com'", object: true, listing: true },
    {
      expression: "resource.name.endsWith('x') || resource.name.endsWith('/b')",
      object: true,
      listing: true,
    },
    {
      expression: "resource.name.endsWith('x') && resource.name.endsWith('/b')",
      object: false,
      listing: false,
    },
    // && binds closer than ||, and parentheses closer than both.
    { expression: 'true || false && false', object: true, listing: true },
    { expression: '(true || false) && false', object: false, listing: false },
    { expression: "!resource.name.endsWith('x')", object: false, listing: true },
    { expression: " ( 'it\\'s' == \"it's\" ) ", object: true, listing: true },
  ])('$expression', ({ expression, object, listing }) => {
    const condition = parseCondition(expression);
    expect(condition?.(OBJECT)).toBe(object);
    expect(condition?.(LISTING)).toBe(listing);
  });

  it.each([
    '',
    'resource.name',
    "'text'",
    'resource.colour == "red"',
    'resource.name.contains("a")',
    "resource.name.startsWith('a'",
    "resource.name.startsWith('a'))",
    'resource.name.startsWith(true)',
    "resource.name.startsWith('a') || ",
    "resource.name.startsWith('a') | true",
    'resource.name == true',
    "!'a'",
    "'a' && true",
    "api.getAttribute('x').startsWith('a')",
    'api.call("x", "y") == "z"',
    "resource.name == 'unclosed",
    'request.time < timestamp("2026-01-01T00:00:00Z")',
  ])('does not take %s', (expression) => {
    expect(parseCondition(expression)).toBeUndefined();
  });
});
