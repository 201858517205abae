import type { Secret } from '../../core/secret.ts';
import type { Machine } from '../contract.ts';
import { externalAccountBase } from './bases/external-account.ts';
import { impersonatedBase } from './bases/impersonation.ts';
import { serviceAccountBase } from './bases/service-account.ts';
import { foundUserBase } from './bases/found-user.ts';
import type { Base, GcpPlace, GoogleAuth } from './cloud.ts';
import { parseExternalAccount, typeIn } from './external-account.ts';
import { parseImpersonatedFile } from './impersonated-file.ts';
import { invalid } from './json-secret.ts';
import { parseKeyFile, parseUserFile } from './key-file.ts';
import { checkFoundProgram } from './programs.ts';

export interface Surroundings {
  readonly auth: GoogleAuth;
  readonly machine: Machine;
  readonly place: GcpPlace;
  /** Scopes of the usual token. */
  readonly usual: readonly string[] | undefined;
  readonly signal: AbortSignal;
}

type Open = (json: Secret, around: Surroundings, subject: string) => Promise<Base>;

/** Seconds; what gcloud asks for, as nobody says otherwise. */
const USUAL_SECONDS = 3600;

/** The kinds of credential files, as their `type` says. */
const KINDS: Readonly<Record<string, Open>> = {
  async service_account(json, { auth, place, usual }, subject) {
    return serviceAccountBase(auth, parseKeyFile(json, place, subject), { scopes: usual }, place);
  },
  async authorized_user(json, { auth, place, signal }, subject) {
    return await foundUserBase(auth, parseUserFile(json, place, subject), place, signal);
  },
  async external_account(json, { auth, machine, place, usual }, subject) {
    const account = parseExternalAccount(json, place, subject);
    checkFoundProgram(account, machine.env);
    return externalAccountBase(auth, account, machine, usual);
  },
  async impersonated_service_account(json, around, subject) {
    const { target, delegates, source, place } = parseImpersonatedFile(json, around.place, subject);
    const base = await identityIn(source, around, `${subject}: source_credentials`);
    const ask = { target, delegates, seconds: USUAL_SECONDS, usual: around.usual };
    return impersonatedBase(around.auth, base, ask, place);
  },
};

/** Whoever a credential file speaks for. Throws `INPUT_INVALID` naming the file. */
export async function identityIn(
  json: Secret,
  around: Surroundings,
  subject: string,
): Promise<Base> {
  const type = typeIn(json, subject);
  const open = Object.hasOwn(KINDS, type) ? KINDS[type] : undefined;
  if (open !== undefined) return await open(json, around, subject);
  throw invalid(subject, 'type: a credential file of this type is not supported');
}
