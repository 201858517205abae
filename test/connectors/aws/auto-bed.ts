import { autoConfigure } from '../../../src/connectors/aws/auto-configure.ts';
import aws from '../../../src/connectors/aws/index.ts';
import type { Proposal } from '../../../src/connectors/contract.ts';
import type { ResourceRequest } from '../../../src/core/credential.ts';
import { cloudOf, never } from './aws-bed.ts';
import type { AwsHome, HomeMachine } from './aws-home.ts';
import { issueBy, ZENFILES, type SourceBed } from './source-bed.ts';

export interface Ask {
  readonly method?: string;
  readonly given?: Record<string, string>;
  readonly resource?: ResourceRequest;
}

export async function findOn(
  bed: SourceBed,
  home: AwsHome | HomeMachine,
  ask: Ask = {},
): Promise<Proposal> {
  const machine = 'write' in home ? home : bed.machineWith(home);
  return await autoConfigure({
    cloud: cloudOf(machine),
    machine,
    method: ask.method,
    resource: ask.resource,
    given: ask.given ?? {},
    signal: never(),
  });
}

/** What is proposed works when it is registered: the promise of all this. */
export async function useOn(
  bed: SourceBed,
  proposal: Proposal,
  home: AwsHome | HomeMachine = {},
  scope = false,
) {
  const method = aws.authMethods[proposal.method];
  if (method === undefined) throw new Error(`no method ${proposal.method}`);
  const machine = 'write' in home ? home : bed.machineWith(home);
  const { secret, expiresAt } = proposal;
  return await issueBy(method, machine, proposal.config, {
    seconds: 900,
    scope: scope ? ZENFILES : undefined,
    connector: { secret, login: proposal.login?.fields, expiresAt },
  });
}

export const BUCKET: ResourceRequest = { type: 's3-bucket', id: 's3://zenfiles', access: 'read' };
export const plain = (proposal: Proposal) =>
  Object.fromEntries(
    Object.entries(proposal.secret).map(([name, value]) => [name, value.reveal()]),
  );
