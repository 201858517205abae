import { ValetkeyError } from '../../core/errors.ts';
import { containerSource, instanceSource, keysFromEnv } from './environment.ts';
import { chainProfile } from './profile-source.ts';
import { nonEmpty, type Env, type SharedConfig } from './shared-config.ts';
import type { BaseSource, Source } from './source.ts';

/** The profile that the variables choose; `undefined` = none chosen, `default` is tried. */
function chosenProfile(env: Env): string | undefined {
  return nonEmpty(env['AWS_PROFILE']) ?? nonEmpty(env['AWS_DEFAULT_PROFILE']);
}

/** boto's and the CLI's own order of variables differs; both are asked, the SDKs' one first. */
export function regionFromEnv(env: Env): string | undefined {
  return nonEmpty(env['AWS_REGION']) ?? nonEmpty(env['AWS_DEFAULT_REGION']);
}

/**
 * What boto's default chain would use: keys in variables, the chosen or default profile (roles, web
 * identity, SSO, keys, process), a container's endpoint, the instance's role. Pure: whether a
 * container or an instance answers is only known by asking. `undefined` = nothing to ask.
 * https://docs.aws.amazon.com/boto3/latest/guide/credentials.html
 */
export function ambientSource(env: Env, files: SharedConfig): Source | undefined {
  const chosen = chosenProfile(env);
  if (chosen !== undefined && !files.profiles.has(chosen)) {
    throw new ValetkeyError('CONFIG_INVALID', {
      subject: 'AWS_PROFILE',
      reason: `there is no profile “${chosen}”`,
      hint: `correct the variable, or look in ${files.configPath}`,
    });
  }
  const name = chosen ?? 'default';
  const profile = files.profiles.get(name);
  const region = regionFromEnv(env) ?? nonEmpty(profile?.['region']);
  const own = (base: BaseSource | undefined, origin: string): Source | undefined =>
    base && { origin, base, roles: [], region, profile: undefined, borrowed: true };
  const fromProfile = (): Source | undefined => {
    const found = chainProfile(name, { env, files });
    return found && { ...found, region };
  };
  return (
    own(keysFromEnv(env), 'keys in the environment') ??
    fromProfile() ??
    own(containerSource(env), 'the container credentials endpoint') ??
    own(instanceSource(env, profile), 'the instance’s role (IMDS)')
  );
}
