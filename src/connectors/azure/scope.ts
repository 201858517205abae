import { ValetkeyError } from '../../core/errors.ts';
import { includes, isArm } from './audiences.ts';
import type { AzureScope } from './cloud.ts';
import { audienceOf } from './environments.ts';
import { textOf } from '../fields/text-of.ts';
import { audience as audienceField, environmentOf } from './place.ts';

type Config = Readonly<Record<string, unknown>>;

/** All audiences that any of them is for; one that is unlimited makes the whole so. */
export function mergeScopes(scopes: readonly (AzureScope | undefined)[]): AzureScope | undefined {
  const limited = scopes.filter((scope) => scope !== undefined);
  if (limited.length < scopes.length || limited.length === 0) return undefined;
  return { audiences: [...new Set(limited.flatMap(({ audiences }) => audiences))] };
}

export function scopeAsSent(scope: AzureScope | undefined): unknown {
  return scope === undefined ? undefined : { audiences: scope.audiences };
}

/**
 * The audiences that a connector is limited to, where it is; a stored token's is its only one. The
 * configuration may be as it was written.
 */
export function ownAudiences(config: Config): readonly string[] | undefined {
  const { audiences } = config;
  const list: readonly unknown[] =
    typeof audiences === 'string'
      ? audiences.split(',')
      : Array.isArray(audiences)
        ? audiences
        : [textOf(config, 'audience')];
  const texts = list.filter((item) => typeof item === 'string').map((text) => text.trim());
  return texts.length === 0 ? undefined : texts;
}

/**
 * What a grant's `scopes` limit it to: `<audience>/.default`, or the audience alone. The first is what
 * clients get unasked: the connector's usual one, else Resource Manager, if they are among them. Throws
 * `INPUT_INVALID`, and `OUT_OF_SCOPE` for what the connector is not for.
 */
export function grantedAudiences(scopes: readonly string[], config: Config): readonly string[] {
  const environment = environmentOf(config);
  const own = ownAudiences(config);
  const asked = [...new Set(scopes.map(parseScope))].sort();
  for (const audience of asked) {
    if (own?.some((wide) => includes(wide, audience, environment)) ?? true) continue;
    throw new ValetkeyError('OUT_OF_SCOPE', {
      reason: `its tokens are not for ${audience}`,
      hint: 'add it to the connector’s audiences',
    });
  }
  const usual = (audience: string): boolean => {
    const [first] = own ?? [];
    return first === undefined
      ? isArm(audience, environment)
      : includes(first, audience, environment);
  };
  return [...asked.filter(usual), ...asked.filter((audience) => !usual(audience))];
}

function parseScope(text: string): string {
  const parsed = audienceField.safeParse(audienceOf(text));
  if (parsed.success) return parsed.data;
  throw new ValetkeyError('INPUT_INVALID', {
    subject: 'scopes',
    reason: parsed.error.issues[0]?.message ?? 'this is no audience',
  });
}
