import { ValetkeyError } from '../../core/errors.ts';
import type { AutoConfigureInput, Proposal } from '../contract.ts';
import { defined, drafterOf, firstOf, type Draft } from './auto-drafts.ts';
import { foundIn, type Found } from './auto-found.ts';
import { sources } from './auto-sources.ts';
import { checkedConfig } from '../fields/checked-config.ts';
import type { GcpCloud } from './cloud.ts';
import { gcloudConfiguration, type GcloudConfiguration } from './gcloud-configuration.ts';
import { nonEmpty } from './gcloud-folder.ts';
import { projectOf } from './project-of.ts';

type Input = AutoConfigureInput<GcpCloud>;

/**
 * Makes a connector of what Google's libraries and gcloud would use on this machine, in their order, by
 * the method that was asked for or the one that fits. Key material is in `secret` alone. Throws
 * `NOT_FOUND` naming what was looked at, `INPUT_INVALID` naming a file that is broken, a project that is
 * not known or a method that fits nothing found, and what Google says to a person's login.
 */
export async function autoConfigure(input: Input): Promise<Proposal> {
  const { method, machine, signal } = input;
  const draftOf = method === undefined ? firstOf : drafterOf(method);
  const gcloud = await gcloudConfiguration(machine.env, signal);
  const seen: string[] = [];
  const unfit: string[] = [];
  for await (const source of sources(input, gcloud, seen)) {
    const known = await foundIn(source, input);
    const found = withProject(known, projectFor(known, gcloud, input));
    const draft = await draftOf(found, input);
    if (draft !== undefined) return proposalOf(draft, found, gcloud, input);
    unfit.push(source.origin);
  }
  if (unfit.length === 0) throw nothingFound(seen);
  throw new ValetkeyError('INPUT_INVALID', {
    subject: 'auth_method',
    reason: `${method ?? 'no method'} cannot be made of ${unfit.join(', nor of ')}`,
    hint:
      method === 'impersonation'
        ? 'say which account to impersonate: target_principal'
        : 'leave the auth method out, and the one that fits is chosen',
  });
}

function proposalOf(
  draft: Draft,
  found: Found,
  gcloud: GcloudConfiguration,
  { given }: Input,
): Proposal {
  const { method, secret: kept, expiresAt, used = [] } = draft;
  const own = Object.entries(given).filter(([field]) => !used.includes(field));
  const whole = defined({ ...draft.config, ...Object.fromEntries(own) });
  if (whole['project_id'] === undefined) throw noProject(found, gcloud);
  const config = checkedConfig(method, whole);
  const facts = defined(method.complete?.(config, kept) ?? {});
  return {
    method: method.kind,
    config: { ...facts, ...config },
    secret: kept,
    expiresAt,
    origin: found.origin,
    notes: [...draft.notes, ...found.notes],
  };
}

/**
 * Google's libraries ask their variables first; gcloud knows only its own. An account's own project and
 * the one that calls are counted against are guesses.
 */
function projectFor(
  { config, implicit, impersonated }: Found,
  { project }: GcloudConfiguration,
  { machine: { env }, given }: Input,
): unknown {
  const told = nonEmpty(env['GOOGLE_CLOUD_PROJECT']) ?? nonEmpty(env['GCLOUD_PROJECT']);
  const own = config['project_id'];
  const known = implicit ? (told ?? own ?? project) : (project ?? own ?? told);
  const account = given['target_principal'] ?? impersonated?.target ?? config['account_email'];
  const guess = projectOf(typeof account === 'string' ? account : undefined);
  return known ?? guess ?? config['quota_project'];
}

function withProject(found: Found, project: unknown): Found {
  return { ...found, config: { ...found.config, project_id: project } };
}

function noProject({ origin }: Found, { name }: GcloudConfiguration): ValetkeyError {
  return new ValetkeyError('INPUT_INVALID', {
    subject: 'project_id',
    reason: `neither GOOGLE_CLOUD_PROJECT, gcloud’s configuration ‘${name}’ nor ${origin} name one`,
    hint: 'give it: project_id=data-prod-123456',
  });
}

function nothingFound(seen: readonly string[]): ValetkeyError {
  return new ValetkeyError('NOT_FOUND', {
    subject: 'Google credentials',
    reason: `there are none in any of: ${seen.join('; ')}`,
    hint: 'run gcloud auth application-default login first, or register without --auto-configure',
  });
}
