import { iamDenied, invalidArgument } from '../api-refusals.ts';
import type { Caller } from '../bearer.ts';
import { isObject, textsOf, withoutNulls } from '../json.ts';
import type { JsonObject } from '../json.ts';
import type { Principal } from '../principals.ts';
import { apiRefusal } from '../refusal.ts';
import { mediaType } from '../request.ts';
import type { GoogleRequest } from '../request.ts';
import type { Visit } from '../service.ts';
import type { World } from '../world.ts';

export interface IamCall {
  readonly world: World;
  readonly visit: Visit;
  readonly caller: Caller;
  readonly body: JsonObject;
  /** The account in the path: e-mail or unique id. */
  readonly email: string;
}

export type IamMethod = (call: IamCall) => JsonObject;

export function readBody(request: GoogleRequest): JsonObject {
  if (mediaType(request) !== 'application/json') {
    throw invalidArgument('Content-Type must be application/json.');
  }
  try {
    const value: unknown = JSON.parse(request.body.toString('utf8'));
    if (isObject(value)) return withoutNulls(value);
  } catch {
    // falls through: no JSON is as wrong as the wrong JSON
  }
  throw invalidArgument('Invalid JSON payload received.');
}

/** Google refuses a field that the method does not have. */
export function checkFields(body: JsonObject, names: readonly string[]): void {
  const odd = Object.keys(body).find((name) => !names.includes(name));
  if (odd !== undefined) {
    throw invalidArgument(
      `Invalid JSON payload received. Unknown name "${odd}": Cannot find field.`,
    );
  }
}

const DELEGATE = /^projects\/-\/serviceAccounts\/([^/]+)$/;

/**
 * The account acted as, if the caller may: each account of the chain must be allowed to act through
 * the next. https://cloud.google.com/iam/docs/create-short-lived-credentials-delegated
 */
export function targetOf(call: IamCall, permission: string) {
  const { world, caller, body, email } = call;
  const delegates = body['delegates'] === undefined ? [] : textsOf(body['delegates']);
  if (delegates === undefined) throw invalidArgument('Invalid value at "delegates".');
  let actor: Principal = caller.principal;
  for (const name of delegates) {
    const delegate = find(world, DELEGATE.exec(name)?.[1]);
    if (delegate === undefined) {
      throw invalidArgument(
        `Invalid delegate ${name}: projects/-/serviceAccounts/{ACCOUNT_EMAIL_OR_UNIQUEID} expected.`,
      );
    }
    step(world, actor, 'iam.serviceAccounts.implicitDelegation', delegate.principal.email);
    actor = delegate.principal;
  }
  const target = find(world, email);
  if (target === undefined) {
    throw apiRefusal(404, 'NOT_FOUND', `Not found; Gaia id not found for email ${email}`);
  }
  step(world, actor, permission, target.principal.email);
  return target;
}

function find(world: World, name: string | undefined) {
  const account = name === undefined ? undefined : world.accounts.findAccount(name);
  return account?.disabled === true ? undefined : account;
}

function step(world: World, actor: Principal, permission: string, email: string): void {
  if (!world.accounts.may(actor, permission, email)) throw iamDenied(permission);
}
