import { apiRefusal } from './refusal.ts';
import type { Refusal } from './refusal.ts';

/** The refusals that every API of Google Cloud words alike. https://cloud.google.com/apis/design/errors */
export function unauthenticated(problem: 'missing' | 'invalid'): Refusal {
  const lead =
    problem === 'missing'
      ? 'Request is missing required authentication credential.'
      : 'Request had invalid authentication credentials.';
  const text = `${lead} Expected OAuth 2 access token, login cookie or other valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.`;
  const reason = problem === 'missing' ? 'CREDENTIALS_MISSING' : 'ACCESS_TOKEN_TYPE_UNSUPPORTED';
  return apiRefusal(401, 'UNAUTHENTICATED', text, errorInfo(reason, 'googleapis.com'));
}

export function insufficientScopes(): Refusal {
  return apiRefusal(
    403,
    'PERMISSION_DENIED',
    'Request had insufficient authentication scopes.',
    errorInfo('ACCESS_TOKEN_SCOPE_INSUFFICIENT', 'googleapis.com'),
  );
}

export function iamDenied(permission: string): Refusal {
  return apiRefusal(
    403,
    'PERMISSION_DENIED',
    `Permission '${permission}' denied on resource (or it may not exist).`,
    errorInfo('IAM_PERMISSION_DENIED', 'iam.googleapis.com', { permission }),
  );
}

export function invalidArgument(message: string): Refusal {
  return apiRefusal(400, 'INVALID_ARGUMENT', message);
}

function errorInfo(reason: string, domain: string, metadata?: Readonly<Record<string, string>>) {
  const info = { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason, domain };
  return { details: [metadata === undefined ? info : { ...info, metadata }] };
}
