/** A target with scheme and host, as clients write it to a proxy. RFC 9112 section 3.2.2. */
export interface AbsoluteForm {
  readonly host: string;
  /** Path and query, as in any other target. */
  readonly target: string;
}

const ABSOLUTE = /^http:\/\/(?<host>[^/?#]+)(?<rest>.*)$/i;

/** `undefined` for every other form. */
export function absoluteForm(target: string): AbsoluteForm | undefined {
  if (target.startsWith('/')) return undefined;
  const { host, rest } = ABSOLUTE.exec(target)?.groups ?? {};
  if (host === undefined || rest === undefined) return undefined;
  return { host, target: rest.startsWith('/') ? rest : `/${rest}` };
}
