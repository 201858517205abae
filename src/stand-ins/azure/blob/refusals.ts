import { randomUUID } from 'node:crypto';
import type { BearerProblem } from '../bearer.ts';
import { refusal } from '../refusal.ts';
import type { Refusal } from '../refusal.ts';
import { element, xmlReply } from './xml.ts';

/** https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes */
export function blobRefusal(
  status: number,
  code: string,
  message: string,
  more: {
    readonly headers?: Readonly<Record<string, string>>;
    /** For `AuthenticationErrorDetail`. */
    readonly detail?: string;
  } = {},
): Refusal {
  return refusal(code, more.detail ?? message, ({ at }) => {
    const text = `${message}\nRequestId:${randomUUID()}\nTime:${new Date(at).toISOString()}`;
    const detail =
      more.detail === undefined ? '' : element('AuthenticationErrorDetail', more.detail);
    return xmlReply(
      `<Error>${element('Code', code)}${element('Message', text)}${detail}</Error>`,
      status,
      { 'x-ms-error-code': code, ...more.headers },
    );
  });
}

const AUTHENTICATE =
  'Server failed to authenticate the request. Please refer to the information in the www-authenticate header.';

const TOKEN_WORDS: Readonly<Record<BearerProblem, string>> = {
  missing: 'No authentication information was given.',
  malformed: 'Signature validation failed. The token is not well formed.',
  signature: 'Signature validation failed. Signature verification failed.',
  issuer: 'Issuer validation failed. Issuer did not match.',
  early: 'Lifetime validation failed. The token is not yet valid.',
  revoked: 'The token has been revoked.',
  expired: 'Lifetime validation failed. The token is expired.',
  audience: 'Audience validation failed. Audience did not match.',
};

export function unauthenticated(
  problem: BearerProblem,
  authority: string,
  tenant: string,
): Refusal {
  const challenge = `Bearer authorization_uri=${authority}/${tenant}/oauth2/authorize resource_id=https://storage.azure.com`;
  const headers = { 'www-authenticate': challenge };
  return problem === 'missing'
    ? blobRefusal(401, 'NoAuthenticationInformation', AUTHENTICATE, { headers })
    : blobRefusal(401, 'InvalidAuthenticationInfo', AUTHENTICATE, {
        headers,
        detail: TOKEN_WORDS[problem],
      });
}

export function authenticationFailed(detail: string): Refusal {
  return blobRefusal(
    403,
    'AuthenticationFailed',
    'Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly including the signature.',
    { detail },
  );
}

export function permissionMismatch(): Refusal {
  return blobRefusal(
    403,
    'AuthorizationPermissionMismatch',
    'This request is not authorized to perform this operation using this permission.',
  );
}

export function noContainer(): Refusal {
  return blobRefusal(404, 'ContainerNotFound', 'The specified container does not exist.');
}

export function noBlob(): Refusal {
  return blobRefusal(404, 'BlobNotFound', 'The specified blob does not exist.');
}
