/** One part of a multipart body. RFC 2046 section 5.1. */
export interface Part {
  /** Lower-case names. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

/** Undefined when there is no boundary, or no part between two of them. */
export function readMultipart(contentType: string, body: Buffer): readonly Part[] | undefined {
  const found = /;\s*boundary=(?:"([^"]+)"|'([^']+)'|([^;\s]+))/i.exec(contentType);
  const boundary = found?.[1] ?? found?.[2] ?? found?.[3];
  if (boundary === undefined) return undefined;
  const mark = Buffer.from(`--${boundary}`);
  const parts: Part[] = [];
  let at = body.indexOf(mark);
  while (at !== -1) {
    const start = at + mark.length;
    if (body.toString('latin1', start, start + 2) === '--') return parts;
    const next = body.indexOf(mark, start);
    if (next === -1) return undefined;
    const part = readPart(body.subarray(start, next));
    if (part === undefined) return undefined;
    parts.push(part);
    at = next;
  }
  return undefined;
}

/** From the end of one boundary line to the start of the next; the line breaks around belong to them. */
function readPart(bytes: Buffer): Part | undefined {
  const text = bytes.toString('latin1');
  const first = /^[ \t]*\r?\n/.exec(text);
  if (first === null) return undefined;
  const content = text.slice(first[0].length).replace(/\r?\n$/, '');
  const gap = /(?:^|\r?\n)\r?\n/.exec(content);
  if (gap === null) return undefined;
  return {
    headers: readHeaders(content.slice(0, gap.index)),
    body: Buffer.from(content.slice(gap.index + gap[0].length), 'latin1'),
  };
}

export function readHeaders(text: string): Map<string, string> {
  const headers = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const colon = line.indexOf(':');
    if (colon > 0)
      headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  return headers;
}
