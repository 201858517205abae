import type { AzureReply } from '../reply.ts';

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};

export const escapeXml = (text: string): string =>
  text.replaceAll(/[&<>"]/g, (letter) => ESCAPES[letter] ?? letter);

export function element(name: string, text: string): string {
  return text === '' ? `<${name} />` : `<${name}>${escapeXml(text)}</${name}>`;
}

/** A list as an element; an empty one has no end tag. */
export function list(name: string, items: readonly string[]): string {
  return items.length === 0 ? `<${name} />` : `<${name}>${items.join('')}</${name}>`;
}

export function xmlReply(
  body: string,
  status = 200,
  headers: Readonly<Record<string, string>> = {},
): AzureReply {
  return {
    status,
    headers: { 'content-type': 'application/xml', ...headers },
    // With the byte order mark that the service puts there.
    body: `\uFEFF<?xml version="1.0" encoding="utf-8"?>${body}`,
  };
}

/**
 * `<root><Name>text</Name>…</root>` and nothing else: the one document that clients send here.
 * Undefined when it is anything else.
 */
export function flatXml(text: string, root: string): ReadonlyMap<string, string> | undefined {
  const whole = new RegExp(`^\\s*(?:<\\?xml[^>]*\\?>)?\\s*<${root}>(.*)</${root}>\\s*$`, 's').exec(
    text,
  );
  if (whole === null) return undefined;
  const fields = new Map<string, string>();
  const rest = (whole[1] ?? '').replaceAll(
    /\s*<([A-Za-z]+)>([^<&]*)<\/\1>\s*/g,
    (_, name: string, value: string) => {
      fields.set(name, value);
      return '';
    },
  );
  return rest.trim() === '' ? fields : undefined;
}
