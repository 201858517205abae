import { z } from 'zod';

import { secret, type Secret } from '../../core/secret.ts';
import type { GcpPlace } from './cloud.ts';
import { impersonatedIn } from './external-account.ts';
import { fieldsIn, invalid, objectIn } from './json-secret.ts';
import { email } from './place.ts';

/** What `gcloud auth application-default login --impersonate-service-account` leaves behind. */
export interface ImpersonatedFile {
  readonly target: string;
  readonly delegates: readonly string[];
  /** Of the identity that impersonates: a credential file in itself. */
  readonly source: Secret;
  readonly place: GcpPlace;
}

const PREFIX = 'projects/-/serviceAccounts/';

const Document = z.object({
  service_account_impersonation_url: z.string(),
  delegates: z
    .array(
      z
        .string()
        .transform((name) => name.replace(PREFIX, ''))
        .pipe(email),
    )
    .nullish(),
  source_credentials: z.record(z.string(), z.unknown()),
});

/** Throws `INPUT_INVALID` with `subject`, and never quotes it. */
export function parseImpersonatedFile(
  json: Secret,
  place: GcpPlace,
  subject: string,
): ImpersonatedFile {
  const document = fieldsIn(Document, objectIn(json, subject), subject);
  const { service_account_impersonation_url: url, source_credentials: source } = document;
  if (source['type'] === 'impersonated_service_account') {
    throw invalid(subject, 'source_credentials: it is impersonated itself; use delegates');
  }
  const { email: target, endpoint } = impersonatedIn(url, place, subject);
  return {
    target,
    delegates: document.delegates ?? [],
    source: secret(JSON.stringify(source)),
    place: { ...place, iamCredentialsEndpoint: endpoint },
  };
}
