import { ValetkeyError } from '../../core/errors.ts';
import type { AwsKeys } from './cloud.ts';

/** Where keys come from before any role is assumed. Times are ms since the epoch. */
export type BaseSource =
  /** Keys of an IAM user: they never expire and are never handed on. */
  | { readonly kind: 'long-lived-keys'; readonly keys: AwsKeys }
  /** Keys with a session token, lying in a file or a variable; nobody renews them. */
  | {
      readonly kind: 'temporary-keys';
      readonly keys: AwsKeys;
      readonly expiresAt: number | undefined;
    }
  | {
      readonly kind: 'web-identity';
      readonly tokenFile: string;
      readonly roleArn: string;
      readonly sessionName: string | undefined;
    }
  | SsoSource
  | { readonly kind: 'process'; readonly command: string }
  | ContainerSource
  | InstanceSource;

/** A permission set of IAM Identity Center. */
export interface SsoSource {
  readonly kind: 'sso';
  readonly startUrl: string;
  readonly region: string;
  readonly accountId: string;
  readonly roleName: string;
  /** Name of the `[sso-session]`; absent in the older form, whose tokens cannot be refreshed. */
  readonly session: string | undefined;
  readonly scopes: readonly string[];
}

export interface ContainerSource {
  readonly kind: 'container';
  readonly url: string;
  readonly tokenFile: string | undefined;
  readonly token: string | undefined;
}

export interface InstanceSource {
  readonly kind: 'instance';
  /** Without a trailing slash. */
  readonly endpoint: string;
}

/** One `role_arn` of a profile. */
export interface ProfileRole {
  readonly roleArn: string;
  readonly sessionName: string | undefined;
  readonly externalId: string | undefined;
  readonly mfaSerial: string | undefined;
  readonly seconds: number | undefined;
  /** The profile that says so. */
  readonly profile: string;
}

/** Where credentials come from: a base, and the roles to assume from it, first to last. */
export interface Source {
  /** In words, for a person. */
  readonly origin: string;
  readonly base: BaseSource;
  readonly roles: readonly ProfileRole[];
  readonly region: string | undefined;
  /** The profile it was read from, where it was one. */
  readonly profile: string | undefined;
  /** The base is the machine's own identity (container, instance, variables), not a profile's. */
  readonly borrowed: boolean;
}

/** RFC 3339 with its zone said; a time without one could be hours off and counts as none. */
export function instantOf(text: string | undefined): number | undefined {
  const shape = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/i;
  if (text === undefined || !shape.test(text)) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : at;
}

/** A profile that cannot be used, and why. */
export function unusableProfile(profile: string, reason: string, hint: string): ValetkeyError {
  return new ValetkeyError('CONFIG_INVALID', { subject: `profile ${profile}`, reason, hint });
}
