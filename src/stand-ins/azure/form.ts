import { missingParameter, oauthRefusal } from './entra/aadsts.ts';
import { mediaType } from './request.ts';
import type { AzureRequest } from './request.ts';

/**
 * The fields of a token request: `application/x-www-form-urlencoded`, each at most once, empty ones
 * as if they were not there. RFC 6749 section 3.2.
 */
export interface Form {
  get(name: string): string | undefined;
  /** Refuses a request without it. */
  require(name: string): string;
}

export function readForm(request: AzureRequest): Form {
  if (mediaType(request) !== 'application/x-www-form-urlencoded') {
    // What Entra says to JSON: it sees a body without any field.
    throw missingParameter('grant_type');
  }
  const fields = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(request.body.toString('utf8'))) {
    if (fields.has(name)) {
      throw oauthRefusal(90100, `${name} parameter is duplicated.`);
    }
    if (value !== '') fields.set(name, value);
  }
  return {
    get: (name) => fields.get(name),
    require(name) {
      const value = fields.get(name);
      if (value === undefined) throw missingParameter(name);
      return value;
    },
  };
}

/** A look at one field, before anything is judged. */
export function peekForm(request: AzureRequest, name: string): string | undefined {
  return new URLSearchParams(request.body.toString('utf8')).get(name) ?? undefined;
}
