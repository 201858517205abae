import type { ErrorCode } from '../../core/errors.ts';

export type Row = readonly [code: ErrorCode, hint?: string];

const UPDATE = 'valetkey connector update';

const EXPIRED_LOGIN: Row = [
  'LOGIN_REQUIRED',
  'the login has ended or was revoked: valetkey connector login',
];
const INTERACTION: Row = [
  'LOGIN_REQUIRED',
  'the organisation asks the person to confirm again: valetkey connector login',
];
const CONDITIONAL: Row = [
  'UPSTREAM_DENIED',
  'Conditional Access blocks it: ask the directory’s administrator which policy does',
];
const CONSENT: Row = [
  'UPSTREAM_DENIED',
  'the permission was not consented to: grant it to the application in the Entra admin center',
];
const UNASSIGNED: Row = [
  'UPSTREAM_DENIED',
  'assign the identity to the application that the token is for',
];
const NO_RESOURCE: Row = [
  'UPSTREAM_INVALID',
  'the directory has no such resource: check the audience to the letter, its last slash included',
];
const BAD_SCOPE: Row = ['UPSTREAM_INVALID', 'ask for one audience, as <audience>/.default'];
const INVALID: Row = ['UPSTREAM_INVALID'];
const FEDERATION = (what: string): Row => [
  'UPSTREAM_BAD_CREDENTIAL',
  `check the application’s federated credential: ${what}`,
];
const ASSERTION_TIME: Row = [
  'UPSTREAM_CLOCK_SKEW',
  'set this machine’s clock, and let the federated token be a fresh one',
];
const PERSON = (why: string): Row => ['UPSTREAM_BAD_CREDENTIAL', why];

/**
 * AADSTS numbers → ours. https://learn.microsoft.com/entra/identity-platform/reference-error-codes
 */
export const AADSTS: Readonly<Record<number, Row>> = {
  7000215: [
    'UPSTREAM_BAD_CREDENTIAL',
    `the client secret is another one (its value is meant, not its id): ${UPDATE}`,
  ],
  7000222: [
    'UPSTREAM_BAD_CREDENTIAL',
    `the client secret has expired: make a new one and store it with ${UPDATE}`,
  ],
  7000218: [
    'UPSTREAM_BAD_CREDENTIAL',
    'the application is no public client: allow public client flows in its registration',
  ],
  700016: [
    'UPSTREAM_BAD_CREDENTIAL',
    'the tenant has no such application: check client_id and tenant_id, or consent to it there',
  ],
  7000112: ['UPSTREAM_BAD_CREDENTIAL', 'the application is disabled: enable it in the tenant'],
  700027: [
    'UPSTREAM_BAD_CREDENTIAL',
    'the certificate is not one of the application’s: upload it to the registration',
  ],
  700024: ASSERTION_TIME,
  500133: ASSERTION_TIME,
  70021: FEDERATION('its issuer, subject and audience must equal the token’s'),
  700211: FEDERATION('none has the token’s issuer'),
  700212: FEDERATION('none has the token’s audience'),
  700213: FEDERATION('none has the token’s subject'),
  50027: FEDERATION('the token is no valid JWT'),
  700021: ['UPSTREAM_BAD_CREDENTIAL', 'the assertion is another application’s: check client_id'],
  700023: [
    'UPSTREAM_BAD_CREDENTIAL',
    'the assertion is for another authority: check authority_host',
  ],
  700030: ['UPSTREAM_BAD_CREDENTIAL', 'the application is a public client: it has no secret'],
  90002: ['UPSTREAM_INVALID', 'there is no such tenant: check tenant_id and environment'],
  900023: ['UPSTREAM_INVALID', 'this is no id of a tenant: check tenant_id'],
  500011: NO_RESOURCE,
  500014: ['UPSTREAM_DENIED', 'the resource is disabled in the directory'],
  50001: NO_RESOURCE,
  650057: NO_RESOURCE,
  70011: BAD_SCOPE,
  1002012: BAD_SCOPE,
  28002: BAD_SCOPE,
  28003: BAD_SCOPE,
  65001: CONSENT,
  65004: ['UPSTREAM_DENIED', 'the person declined to consent'],
  65002: CONSENT,
  50105: UNASSIGNED,
  501051: UNASSIGNED,
  50034: PERSON('the directory has no such user: log in with an account of the tenant'),
  50057: PERSON('the user is disabled: ask the directory’s administrator'),
  50055: PERSON('the password has expired: change it, then valetkey connector login'),
  50126: PERSON('user name or password is wrong: valetkey connector login'),
  50072: INTERACTION,
  50074: INTERACTION,
  50076: INTERACTION,
  50078: INTERACTION,
  50079: INTERACTION,
  50158: INTERACTION,
  16000: INTERACTION,
  53000: CONDITIONAL,
  53001: CONDITIONAL,
  53002: CONDITIONAL,
  53003: CONDITIONAL,
  50173: EXPIRED_LOGIN,
  50132: EXPIRED_LOGIN,
  50133: EXPIRED_LOGIN,
  50089: EXPIRED_LOGIN,
  70000: EXPIRED_LOGIN,
  70008: EXPIRED_LOGIN,
  70043: EXPIRED_LOGIN,
  700082: EXPIRED_LOGIN,
  700084: EXPIRED_LOGIN,
  70017: ['UPSTREAM_DENIED', 'the person declined'],
  70020: ['LOGIN_REQUIRED', 'the code was not confirmed in time: valetkey connector login'],
  70019: ['LOGIN_REQUIRED', 'the code was not confirmed in time: valetkey connector login'],
  50196: ['UPSTREAM_THROTTLED', 'Entra sees the same request in a loop'],
  90055: ['UPSTREAM_THROTTLED'],
  90033: ['UPSTREAM_UNAVAILABLE'],
};

/** For an answer without a known number. RFC 6749 section 5.2 and RFC 8628 section 3.5. */
export const OAUTH: Readonly<Record<string, Row>> = {
  invalid_client: ['UPSTREAM_BAD_CREDENTIAL', `the stored credential is not accepted: ${UPDATE}`],
  unauthorized_client: [
    'UPSTREAM_BAD_CREDENTIAL',
    'the application may not ask in this way: check client_id and its registration',
  ],
  invalid_grant: ['UPSTREAM_BAD_CREDENTIAL', `the stored credential is not accepted: ${UPDATE}`],
  interaction_required: INTERACTION,
  login_required: INTERACTION,
  consent_required: CONSENT,
  access_denied: ['UPSTREAM_DENIED', 'check what the identity may do in the directory'],
  authorization_declined: ['UPSTREAM_DENIED', 'the person declined'],
  expired_token: ['LOGIN_REQUIRED', 'the code was not confirmed in time: valetkey connector login'],
  invalid_resource: NO_RESOURCE,
  invalid_scope: BAD_SCOPE,
  invalid_request: INVALID,
  unsupported_grant_type: INVALID,
  temporarily_unavailable: ['UPSTREAM_UNAVAILABLE'],
  server_error: ['UPSTREAM_UNAVAILABLE'],
};
