import { ValetkeyError } from '../../core/errors.ts';

/* Storage answers in XML; of that, three shapes are needed. Whatever has none of them is refused. */

/** A page of containers and the marker of the next. https://learn.microsoft.com/rest/api/storageservices/list-containers2 */
export function containerPage(text: string): {
  readonly names: readonly string[];
  readonly next: string | undefined;
} {
  const whole = inside(text, 'EnumerationResults');
  const names = [...whole.matchAll(/<Container>\s*<Name>([^<]*)<\/Name>/g)].map(([, name = '']) =>
    decoded(name),
  );
  if (names.length !== whole.split('<Container>').length - 1) throw malformed();
  const next = decoded(/<NextMarker>([^<]*)<\/NextMarker>/.exec(whole)?.[1] ?? '');
  return { names, next: next === '' ? undefined : next };
}

/** Is this a list of blobs? */
export function checkBlobList(text: string): void {
  if (!/<Blobs(?:\s*\/)?>/.test(inside(text, 'EnumerationResults'))) throw malformed();
}

/** The fields of a document that has nothing in its elements but text. */
export function fieldsOf(text: string, root: string): (name: string) => string {
  const fields = new Map(
    [...inside(text, root).matchAll(/<([A-Za-z]+)>([^<]*)<\/\1>/g)].map(
      ([, name = '', value = '']) => [name, decoded(value)],
    ),
  );
  return (name) => {
    const value = fields.get(name);
    if (value === undefined || value === '') throw malformed();
    return value;
  };
}

/** Never quotes what it was given: there are keys in it. */
function inside(text: string, root: string): string {
  const document = text.replace(/^\uFEFF/, '').trim();
  const start = new RegExp(`^(?:<\\?xml[^>]*\\?>)?\\s*<${root}(?:\\s[^>]*)?>`).exec(document);
  const end = `</${root}>`;
  if (start === null || !document.endsWith(end) || document.includes('<!')) throw malformed();
  return document.slice(start[0].length, -end.length);
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&apos;': "'",
};

function decoded(text: string): string {
  return text.replaceAll(/&[a-z]+;/g, (entity) => ENTITIES[entity] ?? entity);
}

function malformed(): ValetkeyError {
  return new ValetkeyError('UPSTREAM_MALFORMED', { reason: 'the answer is no XML of storage’s' });
}
