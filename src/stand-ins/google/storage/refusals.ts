import { apiRefusal } from '../refusal.ts';
import type { Refusal } from '../refusal.ts';

/** Cloud Storage's JSON errors. https://cloud.google.com/storage/docs/json_api/v1/status-codes */
export function storageRefusal(
  status: number,
  reason: string,
  message: string,
  place: Readonly<Record<string, string>> = {},
): Refusal {
  const errors = [{ message, domain: 'global', reason, ...place }];
  return apiRefusal(status, reason, message, { errors });
}

const HEADER = { locationType: 'header', location: 'Authorization' };

export function invalidCredentials(): Refusal {
  return storageRefusal(401, 'authError', 'Invalid Credentials', HEADER);
}

/** 401 for nobody, who may come back as somebody; 403 for somebody. */
export function noAccess(who: string | undefined, permission: string, what: string): Refusal {
  const text = `${who ?? 'Anonymous caller'} does not have ${permission} access to the Google Cloud ${what}. Permission '${permission}' denied on resource (or it may not exist).`;
  return who === undefined
    ? storageRefusal(401, 'required', text, HEADER)
    : storageRefusal(403, 'forbidden', text);
}

export function scopesTooNarrow(): Refusal {
  return storageRefusal(403, 'forbidden', 'Provided scope(s) are not authorized');
}

export function noBucket(): Refusal {
  return storageRefusal(404, 'notFound', 'The specified bucket does not exist.');
}

export function noObject(bucket: string, name: string): Refusal {
  return storageRefusal(404, 'notFound', `No such object: ${bucket}/${name}`);
}

export function badParameter(name: string, reason = 'invalidParameter'): Refusal {
  const text = reason === 'required' ? `Required parameter: ${name}` : `Invalid value for: ${name}`;
  return storageRefusal(400, reason, text, { locationType: 'parameter', location: name });
}
