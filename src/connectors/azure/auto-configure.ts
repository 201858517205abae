import { ValetkeyError } from '../../core/errors.ts';
import type { AutoConfigureInput, Proposal } from '../contract.ts';
import { drafterOf, usualDraft, type Draft } from './auto-drafts.ts';
import { sources, type Found } from './auto-sources.ts';
import type { AzureCloud } from './cloud.ts';

type Input = AutoConfigureInput<AzureCloud>;

/**
 * Makes a connector of what Microsoft's libraries would use on this machine, in their order, by the
 * method that was asked for or the one that fits. Secrets are in `secret` alone. Throws `NOT_FOUND`
 * naming what was looked at, `INPUT_INVALID` for a method that fits nothing found, and what is wrong
 * with a file that is there.
 */
export async function autoConfigure(input: Input): Promise<Proposal> {
  const { method } = input;
  const draftOf = method === undefined ? usualDraft : drafterOf(method);
  const seen: string[] = [];
  const unfit: string[] = [];
  for await (const found of sources(input, seen)) {
    const draft = await draftOf(found, input);
    if (draft !== undefined) return proposalOf(draft, found);
    unfit.push(found.origin);
  }
  if (unfit.length === 0) {
    throw new ValetkeyError('NOT_FOUND', {
      subject: 'Azure credentials',
      reason: `there are none in any of: ${seen.join('; ')}`,
      hint: 'run az login first, or register without --auto-configure',
    });
  }
  throw new ValetkeyError('INPUT_INVALID', {
    subject: 'auth_method',
    reason: `${method ?? 'no method'} cannot be made of ${unfit.join(', nor of ')}`,
    hint: 'leave the auth method out, and the one that fits is chosen',
  });
}

function proposalOf(draft: Draft, { origin, notes }: Found): Proposal {
  return {
    method: draft.method,
    config: draft.config,
    secret: draft.secret,
    expiresAt: draft.expiresAt,
    origin,
    notes: [...draft.notes, ...notes],
  };
}
