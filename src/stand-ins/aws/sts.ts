import type { AccessKey, Accounts } from './accounts.ts';
import { identityOf } from './principals.ts';
import { refusal } from './refusal.ts';
import type { AwsRequest } from './request.ts';
import type { Service, Visit } from './service.ts';
import { formatAmzDate, MAX_SKEW_MS, verifySignature } from './sigv4.ts';
import type { SignatureProblem } from './sigv4.ts';
import { stsAnswer, stsError } from './sts/answers.ts';
import { accountOf, ASSUME_ROLE } from './sts/assume-role.ts';
import type { StsAction } from './sts/call.ts';
import {
  GET_CALLER_IDENTITY,
  GET_FEDERATION_TOKEN,
  GET_SESSION_TOKEN,
} from './sts/own-sessions.ts';
import { readParameters, validate } from './sts/parameters.ts';
import { ASSUME_ROLE_WITH_WEB_IDENTITY } from './sts/web-identity.ts';

const ACTIONS: Readonly<Record<string, StsAction>> = {
  AssumeRole: ASSUME_ROLE,
  AssumeRoleWithWebIdentity: ASSUME_ROLE_WITH_WEB_IDENTITY,
  GetCallerIdentity: GET_CALLER_IDENTITY,
  GetFederationToken: GET_FEDERATION_TOKEN,
  GetSessionToken: GET_SESSION_TOKEN,
};

/** AWS Security Token Service. https://docs.aws.amazon.com/STS/latest/APIReference/welcome.html */
export function createSts(accounts: Accounts): Service {
  return {
    name: 'sts',
    operation: (request) => {
      const form = new URLSearchParams(request.body.toString('utf8'));
      return form.get('Action') ?? new URLSearchParams(request.query).get('Action') ?? 'Unknown';
    },
    refuse: stsError,
    throttled: () => refusal('Throttling', 400, 'Rate exceeded'),
    async answer(request, visit) {
      const parameters = readParameters(request);
      visit.parameters = parameters.shown;
      const action = ACTIONS[parameters.action];
      if (action === undefined) {
        const text = `Could not find operation ${parameters.action} for version 2011-06-15`;
        throw refusal('InvalidAction', 400, text);
      }
      const roleAccount = accountOf(parameters.text('RoleArn') ?? '');
      const call = { parameters, accounts, now: visit.now };
      if (!action.signed) {
        validate(parameters, action);
        return stsAnswer(parameters.action, await action.run(call));
      }
      const { key, region } = authenticate(request, accounts, visit);
      const { account } = identityOf(key.principal);
      for (const owner of [account, roleAccount]) {
        if (accounts.regionDisabled(region, owner)) throw regionDisabled(owner);
      }
      checkSessionMayCall(key, parameters.action);
      validate(parameters, action);
      return stsAnswer(parameters.action, await action.run({ ...call, key }));
    },
  };
}

function authenticate(
  request: AwsRequest,
  accounts: Accounts,
  visit: Visit,
): { key: AccessKey; region: string } {
  const verified = verifySignature(request, accounts.findKey, visit.now);
  if (typeof verified === 'string') {
    const [code, status, text] = SIGNATURE_PROBLEMS[verified];
    const date = request.headers.get('x-amz-date') ?? '';
    throw refusal(code, status, typeof text === 'string' ? text : text(date, visit.now));
  }
  visit.principal = identityOf(verified.key.principal).arn;
  return verified;
}

/** A federated user may ask STS who it is, and nothing else. API_GetFederationToken, "Permissions". */
function checkSessionMayCall(key: AccessKey, action: string): void {
  const { kind } = key.principal;
  if (kind === 'federated' && action !== 'GetCallerIdentity') {
    throw refusal('AccessDenied', 403, `Cannot call ${action} with session credentials`);
  }
}

function regionDisabled(account: string): Error {
  const text = `STS is not activated in this region for account:${account}. Your account administrator can activate STS in this region using the IAM Console.`;
  return refusal('RegionDisabledException', 403, text);
}

type Row = readonly [
  code: string,
  status: number,
  text: string | ((date: string, now: number) => string),
];

const INVALID_TOKEN = 'The security token included in the request is invalid.';
const MISMATCH: Row = [
  'SignatureDoesNotMatch',
  403,
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
];

/** https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html */
const SIGNATURE_PROBLEMS: Readonly<Record<SignatureProblem, Row>> = {
  unsigned: ['MissingAuthenticationToken', 403, 'Request is missing Authentication Token'],
  incomplete: [
    'IncompleteSignature',
    400,
    'The request signature does not conform to AWS standards.',
  ],
  'unknown-key': ['InvalidClientTokenId', 403, INVALID_TOKEN],
  'token-missing': ['InvalidClientTokenId', 403, INVALID_TOKEN],
  'token-wrong': ['InvalidClientTokenId', 403, INVALID_TOKEN],
  'token-expired': ['ExpiredToken', 403, 'The security token included in the request is expired'],
  'signed-in-past': [
    'SignatureDoesNotMatch',
    403,
    (date, now) =>
      `Signature expired: ${date} is now earlier than ${formatAmzDate(now - MAX_SKEW_MS)} (${formatAmzDate(now)} - 15 min.)`,
  ],
  'signed-in-future': [
    'SignatureDoesNotMatch',
    403,
    (date, now) =>
      `Signature not yet current: ${date} is still later than ${formatAmzDate(now + MAX_SKEW_MS)} (${formatAmzDate(now)} + 15 min.)`,
  ],
  'header-not-signed': MISMATCH,
  'wrong-signature': MISMATCH,
  'wrong-payload-hash': MISMATCH,
  'bad-chunks': MISMATCH,
  'wrong-checksum': MISMATCH,
};
