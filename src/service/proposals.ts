import { randomUUID } from 'node:crypto';

import type { Machine, Proposal } from '../connectors/contract.ts';
import { lookup } from '../connectors/input.ts';
import type { Checked } from '../control/schema.ts';
import { ValetkeyError } from '../core/errors.ts';
import type { ProposalView } from '../core/view.ts';
import type { Service } from './context.ts';
import { resourceOf } from './grants.ts';
import { isoTime } from './view.ts';

/** Connectors found on the machine and shown to the person, until they are registered or forgotten. */
export interface Proposals {
  find(input: Checked['autoConfigure']): Promise<ProposalView>;
  /** Each proposal can be registered once. Throws `NOT_FOUND`. */
  take(id: string): Proposal;
}

const KEPT = 16;

export function createProposals(service: Service): Proposals {
  const kept = new Map<string, Proposal>();
  return {
    async find(input) {
      const type = lookup(service.types, input.type, 'type');
      if (type.autoConfigure === undefined) {
        throw new ValetkeyError('INPUT_INVALID', {
          subject: 'type',
          reason: `${type.kind} connectors cannot be configured automatically`,
          hint: 'name an --auth-method and its attributes',
        });
      }
      // The person's variables, not the daemon's; its clock and policy stay in force.
      const machine: Machine = {
        ...service.machine,
        env: withoutOurs(input.env, service.paths.run),
      };
      const proposal = await type.autoConfigure({
        cloud: type.connect(machine),
        machine,
        method: input.auth_method,
        resource: askedResource(service, input),
        given: input.attributes ?? {},
        signal: AbortSignal.timeout(60_000),
      });
      const id = randomUUID();
      kept.set(id, proposal);
      for (const oldest of [...kept.keys()].slice(0, -KEPT)) kept.delete(oldest);
      return {
        proposal: id,
        type: type.kind,
        authMethod: proposal.method,
        origin: proposal.origin,
        notes: proposal.notes,
        configuration: proposal.config,
        secretFields: Object.keys(proposal.secret),
        expiresAt: proposal.expiresAt === undefined ? undefined : isoTime(proposal.expiresAt),
      };
    },
    take(id) {
      const proposal = kept.get(id);
      if (proposal === undefined) {
        throw new ValetkeyError('NOT_FOUND', {
          subject: 'proposal',
          hint: 'run the command with --auto-configure again',
        });
      }
      kept.delete(id);
      return proposal;
    },
  };
}

function askedResource(service: Service, input: Checked['autoConfigure']) {
  const { type, resource_type, resource_id } = input;
  if (resource_type === undefined && resource_id === undefined) return undefined;
  const config = input.attributes ?? {};
  return resourceOf(
    { name: 'auto', config } as unknown as Parameters<typeof resourceOf>[0],
    lookup(service.types, type, 'type'),
    { resource_type, resource_id },
  );
}

/** What `exec` and `env` put in the place of a person's own files. */
const PUT_ASIDE = [
  'AWS_SHARED_CREDENTIALS_FILE',
  'AWS_CONFIG_FILE',
  'CLOUDSDK_CONFIG',
  'AZURE_CONFIG_DIR',
];

/**
 * Our own endpoint is no source: a connector must not be made of what a connector handed out. In a
 * shell that was led to it, a person's own files are looked at where they usually are. (An answer of
 * a metadata server that is ours says so itself.)
 */
function withoutOurs(env: Readonly<Record<string, string>>, run: string): Record<string, string> {
  const isOurs = (file = '') => file.startsWith(run) || file.includes('/valetkey-exec-');
  const led = isOurs(env['AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE']);
  return Object.fromEntries(
    Object.entries(env).filter(
      ([name, value]) =>
        !(led && name.startsWith('AWS_CONTAINER_')) && !(PUT_ASIDE.includes(name) && isOurs(value)),
    ),
  );
}
