import { z } from 'zod';

// Everywhere: compiling a schema pays after a thousand values, and here most see one, at start.
z.config({ jitless: true });

const NAME = /^[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?$/;
const NAME_RULE =
  'use 1 to 63 lower-case letters, digits, dots, dashes or underscores, starting and ending with a letter or digit';

/** A connector's name: also its file's name and its secret's name, so nothing that a path or a shell reads. */
export const ConnectorName = z
  .string()
  .regex(NAME, NAME_RULE)
  .refine((name) => !name.includes('..'), NAME_RULE)
  .brand<'ConnectorName'>();
export type ConnectorName = z.infer<typeof ConnectorName>;

export const WorkloadName = z.string().regex(NAME, NAME_RULE).brand<'WorkloadName'>();
export type WorkloadName = z.infer<typeof WorkloadName>;

/**
 * The name of one item in a secret store: a connector's name, or that and a part behind `~`
 * (`aws-dev~session` for what an interactive login left, `aws-dev~k3j9` for a later revision).
 */
export const SecretId = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,62}(~[a-z0-9]{1,16})?$/)
  .brand<'SecretId'>();
export type SecretId = z.infer<typeof SecretId>;

/** The item that holds a connector's own secret; `revision` tells a replaced secret from its successor. */
export function secretIdOf(connector: ConnectorName, revision?: string): SecretId {
  return SecretId.parse(revision === undefined ? connector : `${connector}~${revision}`);
}

/** The item that holds what `connector login` obtained. */
export function loginSecretIdOf(connector: ConnectorName): SecretId {
  return SecretId.parse(`${connector}~session`);
}
