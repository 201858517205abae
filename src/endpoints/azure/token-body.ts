import { type AccessToken, type Issued, ofKind } from '../../core/credential.ts';
import { ValetkeyError } from '../../core/errors.ts';
import { jsonAnswer } from '../answer.ts';
import type { Answer, EndpointContext } from '../contract.ts';
import { OWN } from './failure.ts';
import type { Wanted } from './wanted.ts';

type Clocks = Pick<EndpointContext, 'now' | 'monotonic'>;

/** What a client takes for expired: it would ask again for each call. MSAL, all languages. */
export const LEAST_MS = 300_000;

/** One answer, ready to be written. */
interface Prepared {
  readonly token: AccessToken;
  /** What stands before, between and behind the seconds. */
  readonly parts: readonly [string, string, string];
  seconds: number;
  answer: Answer;
}

/**
 * The answer with a token. Every value is a string: Rust takes no number for `expires_on`.
 * `expires_in` stands before `expires_on`, because .NET keeps whichever comes later. Only the seconds
 * change, once a second, so all else is written once. They are counted by both clocks: the wall clock
 * sees a sleep, the monotonic one does not believe an hour that the other was set back by.
 * Throws `UPSTREAM_UNAVAILABLE` where too few are left.
 * https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token
 */
export function createTokenBodies(
  clocks: Clocks,
  echo: boolean,
): (wanted: Wanted, issued: Issued) => Answer {
  const endings = new WeakMap<AccessToken, number>();
  const prepared = new WeakMap<Wanted, Prepared>();

  /** Monotonic, ms. */
  const endOf = (token: AccessToken): number => {
    const known = endings.get(token);
    if (known !== undefined) return known;
    // Whoever set the clock back before we saw it: it was never meant to live longer than this.
    const life = Math.min(token.expiresAt - clocks.now(), token.expiresAt - token.issuedAt);
    const end = clocks.monotonic() + life;
    endings.set(token, end);
    return end;
  };

  return (wanted, { credential }) => {
    const token = ofKind(credential, 'access-token');
    const left = Math.min(token.expiresAt - clocks.now(), endOf(token) - clocks.monotonic());
    if (left < LEAST_MS) throw tooShort();
    let one = prepared.get(wanted);
    if (one?.token !== token) {
      one = { token, parts: partsOf(wanted, token, echo), seconds: 0, answer: NEVER };
      prepared.set(wanted, one);
    }
    const seconds = Math.floor(left / 1000);
    if (seconds !== one.seconds) {
      const [before, between, behind] = one.parts;
      one.seconds = seconds;
      one.answer = jsonText(`${before}${seconds}${between}${seconds}${behind}`);
    }
    return one.answer;
  };
}

function partsOf(wanted: Wanted, token: AccessToken, echo: boolean): Prepared['parts'] {
  const { identity, resource, selector } = wanted;
  const kind = selector?.name;
  const clientId = kind === 'client_id' ? selector?.value : identity.clientId;
  const named =
    echo && selector !== undefined && kind !== 'client_id'
      ? `,${JSON.stringify(selector.name)}:${JSON.stringify(selector.value)}`
      : '';
  return [
    `{"access_token":${JSON.stringify(token.token)},"client_id":${JSON.stringify(clientId)},"expires_in":"`,
    `","expires_on":"${Math.floor(token.expiresAt / 1000)}","ext_expires_in":"`,
    `","not_before":"${Math.floor(token.issuedAt / 1000)}","resource":${JSON.stringify(resource)},` +
      `"token_type":"Bearer"${named}}`,
  ];
}

/** `text` is JSON already. */
function jsonText(text: string): Answer {
  const { status, headers } = NEVER;
  return {
    status,
    headers: { ...headers, 'Content-Length': String(Buffer.byteLength(text)) },
    body: text,
  };
}

/** Stands where no answer has been made yet; is replaced before it is read. */
const NEVER = jsonAnswer(200, {}, OWN);

function tooShort(): ValetkeyError {
  return new ValetkeyError('UPSTREAM_UNAVAILABLE', {
    reason: 'the token at hand ends within 5 minutes',
  });
}
