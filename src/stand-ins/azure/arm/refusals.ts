import { refusal } from '../refusal.ts';
import type { Refusal } from '../refusal.ts';
import { jsonReply } from '../reply.ts';
import type { BearerProblem } from '../bearer.ts';

/** `{error: {code, message}}`. https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors */
export function armRefusal(
  status: number,
  code: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Refusal {
  return refusal(code, message, () => jsonReply({ error: { code, message } }, status, headers));
}

const ALLOWED =
  "'https://management.core.windows.net/','https://management.core.windows.net','https://management.azure.com/','https://management.azure.com'";

const TOKEN_WORDS: Readonly<Record<BearerProblem, readonly [code: string, message: string]>> = {
  missing: [
    'AuthenticationFailed',
    "Authentication failed. The 'Authorization' header is missing.",
  ],
  malformed: ['InvalidAuthenticationToken', 'The access token is invalid.'],
  signature: [
    'InvalidAuthenticationToken',
    'The access token has an invalid signature; the signature key was not found.',
  ],
  issuer: ['InvalidAuthenticationToken', 'The access token was not issued by this authority.'],
  early: ['InvalidAuthenticationToken', 'The access token is not yet valid.'],
  revoked: ['InvalidAuthenticationToken', 'The access token has been revoked.'],
  expired: ['ExpiredAuthenticationToken', 'The access token expiry UTC time is in the past.'],
  audience: [
    'InvalidAuthenticationTokenAudience',
    `The access token has been obtained for wrong audience or resource. It should exactly match with one of the allowed audiences ${ALLOWED}.`,
  ],
};

export function unauthenticated(problem: BearerProblem, authority: string): Refusal {
  const [code, message] = TOKEN_WORDS[problem];
  return armRefusal(401, code, message, {
    'www-authenticate': `Bearer authorization_uri="${authority}/common", error="invalid_token", error_description="${message}"`,
  });
}

export function unauthorized(objectId: string, action: string, scope: string): Refusal {
  return armRefusal(
    403,
    'AuthorizationFailed',
    `The client '${objectId}' with object id '${objectId}' does not have authorization to perform action '${action}' over scope '${scope}' or the scope is invalid. If access was recently granted, please refresh your credentials.`,
  );
}
