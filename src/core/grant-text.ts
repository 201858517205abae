import { ACCESS, type Access } from './credential.ts';
import { ValetkeyError } from './errors.ts';

/** A grant as a person writes it on a command line, not resolved yet. */
export interface WrittenGrant {
  readonly connector: string;
  readonly resource_id?: string;
  readonly access?: Access;
}

const SHAPE = '<connector>[=<resource-id>[:<access>]]';

/**
 * `aws-dev=arn:aws:s3:::b:read` → connector `aws-dev`, id `arn:aws:s3:::b`, access `read`. The first
 * `=` ends the connector's name (which has none), and only a last `:read`, `:write` or `:full` is an
 * access, because ids hold colons themselves; an id that ends in one takes a second (`id:read:full`).
 */
export function parseGrant(text: string): WrittenGrant {
  const [connector = '', ...rest] = text.split('=');
  if (connector === '') refuse(text, 'it names no connector');
  if (rest.length === 0) return { connector };
  const { id, access } = splitAccess(rest.join('='));
  if (id === '') refuse(text, 'the resource id is empty');
  return { connector, resource_id: id, ...(access === undefined ? {} : { access }) };
}

function splitAccess(text: string): { id: string; access?: Access } {
  const at = text.lastIndexOf(':');
  const access = ACCESS.find((one) => at !== -1 && text.slice(at + 1) === one);
  return access === undefined ? { id: text } : { id: text.slice(0, at), access };
}

function refuse(text: string, reason: string): never {
  throw new ValetkeyError('USAGE', {
    subject: '--grant',
    reason: `“${text}”: ${reason}`,
    hint: `a grant is ${SHAPE}, for example aws-dev=s3://zenfiles:read`,
  });
}
