import { oauthRefusal } from './refusal.ts';
import { mediaType } from './request.ts';
import type { GoogleRequest } from './request.ts';

/**
 * The fields of a token request: `application/x-www-form-urlencoded`, each at most once, empty ones
 * as if they were not there. RFC 6749 section 3.2.
 */
export interface Form {
  get(name: string): string | undefined;
  /** Refuses a request without it. */
  require(name: string): string;
}

export function readForm(request: GoogleRequest): Form {
  if (mediaType(request) !== 'application/x-www-form-urlencoded') {
    throw invalidRequest('Content-Type must be application/x-www-form-urlencoded.');
  }
  const fields = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(request.body.toString('utf8'))) {
    if (fields.has(name)) throw invalidRequest(`Duplicate parameter: ${name}`);
    if (value !== '') fields.set(name, value);
  }
  return {
    get: (name) => fields.get(name),
    require(name) {
      const value = fields.get(name);
      if (value === undefined) throw invalidRequest(`Missing required parameter: ${name}`);
      return value;
    },
  };
}

/** A look at one field, before anything is judged. */
export function peekForm(request: GoogleRequest, name: string): string | undefined {
  return new URLSearchParams(request.body.toString('utf8')).get(name) ?? undefined;
}

export function invalidRequest(message: string): Error {
  return oauthRefusal(400, 'invalid_request', message);
}
