/** Whom a token speaks for. */
export type Principal =
  | {
      readonly kind: 'service-account';
      readonly email: string;
      readonly uniqueId: string;
      readonly project: string;
    }
  | { readonly kind: 'user'; readonly email: string; readonly uniqueId: string }
  | {
      readonly kind: 'federated';
      /** `projects/N/locations/global/workloadIdentityPools/P`. */
      readonly pool: string;
      readonly subject: string;
      readonly attributes: Readonly<Record<string, string>>;
    };

/** One name for the log: an e-mail, or the principal's URI. */
export function nameOf(principal: Principal): string {
  if (principal.kind !== 'federated') return principal.email;
  return `principal://iam.googleapis.com/${principal.pool}/subject/${principal.subject}`;
}

/**
 * Every way an allow policy can name this principal.
 * https://cloud.google.com/iam/docs/principal-identifiers
 */
export function membersOf(principal: Principal): readonly string[] {
  const everybody = ['allUsers', 'allAuthenticatedUsers'];
  switch (principal.kind) {
    case 'service-account':
      return [`serviceAccount:${principal.email}`, ...everybody];
    case 'user':
      return [`user:${principal.email}`, ...everybody];
    case 'federated': {
      const set = `principalSet://iam.googleapis.com/${principal.pool}`;
      const attributes = Object.entries(principal.attributes).map(
        ([name, value]) => `${set}/attribute.${name}/${value}`,
      );
      return [nameOf(principal), `${set}/*`, ...attributes, 'allUsers'];
    }
  }
}
