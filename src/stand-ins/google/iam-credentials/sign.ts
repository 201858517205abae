import { sign } from 'node:crypto';
import { invalidArgument } from '../api-refusals.ts';
import { isObject, textOf } from '../json.ts';
import type { JsonObject } from '../json.ts';
import { signText } from '../jwt.ts';
import { checkFields, targetOf } from './call.ts';
import type { IamCall } from './call.ts';

/** Seconds ahead that `exp` may lie. */
const MAX_EXPIRY_SECONDS = 43_200;

/** https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/signJwt */
export function signJwt(call: IamCall): JsonObject {
  checkFields(call.body, ['delegates', 'payload']);
  const payload = textOf(call.body, 'payload') ?? '';
  const { exp } = readClaims(payload);
  const latest = call.visit.now / 1000 + MAX_EXPIRY_SECONDS;
  if (exp !== undefined && (typeof exp !== 'number' || exp > latest)) {
    throw invalidArgument('The "exp" claim must be at most 12 hours in the future.');
  }
  const { managed } = targetOf(call, 'iam.serviceAccounts.signJwt');
  const signedJwt = signText(managed.keyId, payload, managed.pair().privateKey);
  return { keyId: managed.keyId, signedJwt };
}

/** https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/signBlob */
export function signBlob(call: IamCall): JsonObject {
  checkFields(call.body, ['delegates', 'payload']);
  const payload = textOf(call.body, 'payload') ?? '';
  if (payload === '' || !/^[\w+/-]+={0,2}$/.test(payload)) {
    throw invalidArgument('Invalid value at "payload": base64 expected.');
  }
  const { managed } = targetOf(call, 'iam.serviceAccounts.signBlob');
  const signature = sign('sha256', Buffer.from(payload, 'base64'), managed.pair().privateKey);
  return { keyId: managed.keyId, signedBlob: signature.toString('base64') };
}

function readClaims(payload: string): JsonObject {
  try {
    const value: unknown = JSON.parse(payload);
    if (isObject(value)) return value;
  } catch {
    // falls through: no JSON is as wrong as the wrong JSON
  }
  throw invalidArgument('Invalid value at "payload": a JSON object expected.');
}
