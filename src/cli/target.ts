import type { Inputs } from '../control/schema.ts';
import { ValetkeyError } from '../core/errors.ts';
import { parseGrant } from '../core/grant-text.ts';

export interface TargetOptions {
  readonly grant?: readonly string[];
  readonly workload?: string;
}

/** A configured workload or an unnamed one made of grants: exactly one of the two. */
export function targetOf({ grant = [], workload }: TargetOptions): Inputs['openWorkload'] {
  if (workload !== undefined && grant.length === 0) return { workload };
  if (workload === undefined && grant.length > 0) return { grants: grant.map(parseGrant) };
  throw new ValetkeyError('USAGE', {
    subject: '--grant',
    reason:
      workload === undefined
        ? 'a workload or at least one grant is needed'
        : 'it cannot be combined with a workload',
    hint: 'give --grant <connector>[=<resource-id>[:<access>]] for an unnamed workload, or --workload <name> for a configured one',
  });
}
