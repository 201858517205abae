import { identityOf } from '../principals.ts';
import type { Principal, User } from '../principals.ts';
import type { XmlElements } from '../xml.ts';
import { credentialsElement } from './answers.ts';
import { callContext, checkMfa, denied, secondsOf } from './call.ts';
import type { SignedCall, StsAction } from './call.ts';
import { setTags } from './assume-role.ts';
import { readSessionScope } from './session-scope.ts';
import { permissionOf } from '../principals.ts';

const DEFAULT_SECONDS = 43_200;
/** AWS shortens a root user's session in silence. API_GetSessionToken, "DurationSeconds". */
const ROOT_MAX_SECONDS = 3600;

/** https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html */
export const GET_SESSION_TOKEN: StsAction = {
  signed: true,
  required: [],
  seconds: [900, 129_600],
  run(call) {
    const user = longTermUser(call, 'GetSessionToken');
    const mfaAt = checkMfa(call) ? call.now : undefined;
    const session = call.accounts.issue(
      { kind: 'session-token', user, mfaAt },
      secondsFor(user, call),
      { action: 'GetSessionToken', parameters: call.parameters.shown },
    );
    return { Credentials: credentialsElement(session) };
  },
};

/** https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html */
export const GET_FEDERATION_TOKEN: StsAction = {
  signed: true,
  required: ['Name'],
  seconds: [900, 129_600],
  run: getFederationToken,
};

function getFederationToken(call: SignedCall): XmlElements {
  const { parameters, accounts } = call;
  const user = longTermUser(call, 'GetFederationToken');
  const scope = readSessionScope(parameters, accounts, user.account);
  const principal: Principal = {
    kind: 'federated',
    user,
    name: parameters.text('Name') ?? '',
    sessionPolicies: scope.policies,
    tags: scope.tags,
  };
  const { arn, userId } = identityOf(principal);
  const context = callContext(call);
  setTags(context, scope.tags, []);
  const actions = ['sts:GetFederationToken', ...(scope.tags.size > 0 ? ['sts:TagSession'] : [])];
  for (const action of actions) {
    const question = { action, resource: arn, context };
    if (permissionOf(call.key.principal, question) === 'allow') continue;
    throw denied(`User: ${user.arn} is not authorized to perform: ${action} on resource: ${arn}`);
  }
  const session = accounts.issue(principal, secondsFor(user, call), {
    action: 'GetFederationToken',
    parameters: parameters.shown,
  });
  return {
    Credentials: credentialsElement(session),
    FederatedUser: { FederatedUserId: userId, Arn: arn },
    PackedPolicySize: scope.packedSize,
  };
}

/** https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html: needs no permission. */
export const GET_CALLER_IDENTITY: StsAction = {
  signed: true,
  required: [],
  seconds: [900, 900],
  run(call) {
    const { arn, userId, account } = identityOf(call.key.principal);
    return { Arn: arn, UserId: userId, Account: account };
  },
};

/** Throws AccessDenied (403) for any temporary key: these two calls take a person's own keys. */
function longTermUser(call: SignedCall, action: string): User {
  const { principal } = call.key;
  if (principal.kind !== 'user') throw denied(`Cannot call ${action} with session credentials`);
  return principal.user;
}

function secondsFor(user: User, call: SignedCall): number {
  const most = user.root ? ROOT_MAX_SECONDS : Number.MAX_SAFE_INTEGER;
  return Math.min(secondsOf(call.parameters, DEFAULT_SECONDS), most);
}
