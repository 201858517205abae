/** An element's content: text, children by name, a list for a repeated element, nothing if undefined. */
export type Xml = string | number | boolean | undefined | readonly Xml[] | XmlElements;
export interface XmlElements {
  readonly [name: string]: Xml;
}

/** A whole document with one root element in the service's namespace. */
export function xmlDocument(root: string, namespace: string | undefined, content: Xml): string {
  const attribute = namespace === undefined ? '' : ` xmlns="${escapeXml(namespace)}"`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root}${attribute}>${inner(content)}</${root}>`;
}

function inner(content: Xml): string {
  if (content === undefined) return '';
  if (typeof content === 'object') {
    if (isList(content)) return content.map(inner).join('');
    return Object.entries(content)
      .map(([name, child]) => element(name, child))
      .join('');
  }
  return escapeXml(String(content));
}

function element(name: string, content: Xml): string {
  if (content === undefined) return '';
  if (isList(content)) return content.map((item) => element(name, item)).join('');
  return `<${name}>${inner(content)}</${name}>`;
}

function isList(content: Xml): content is readonly Xml[] {
  return Array.isArray(content);
}

function escapeXml(text: string): string {
  return text.replace(/[&<>"\r\n]/g, (character) => ENTITIES[character] ?? character);
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\r': '&#13;',
  '\n': '&#10;',
};
