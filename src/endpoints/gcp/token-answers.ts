import { type AccessToken, type Issued, ofKind } from '../../core/credential.ts';
import { ValetkeyError } from '../../core/errors.ts';
import type { Answer, EndpointContext } from '../contract.ts';
import { identityToken, jsonText } from './answers.ts';

type Clocks = Pick<EndpointContext, 'now' | 'monotonic'>;

/** One access token, ready to be written. */
interface Prepared {
  /** What stands before and behind the seconds. */
  readonly before: string;
  /** Monotonic, ms. */
  readonly endsAt: number;
  seconds: number;
  answer: Answer;
}

const AFTER = ',"token_type":"Bearer"}';

/**
 * The answer to a request for a token, by credential. Only the seconds change, once a second, so all
 * else is written once. They are counted by both clocks: the wall clock sees a sleep, the monotonic
 * one does not believe an hour that the other was set back by. Never 0: Node would keep the token for
 * ever. Throws `UPSTREAM_UNAVAILABLE` instead.
 */
export function createTokenAnswers(clocks: Clocks): (issued: Issued) => Answer {
  const prepared = new WeakMap<AccessToken, Prepared>();

  const prepare = (token: AccessToken): Prepared => {
    const { expiresAt, issuedAt } = token;
    // Whoever set the clock back before we saw it: it was never meant to live longer than this.
    const life = Math.min(expiresAt - clocks.now(), expiresAt - issuedAt);
    const made = {
      before: `{"access_token":${JSON.stringify(token.token)},"expires_in":`,
      endsAt: clocks.monotonic() + life,
      seconds: 0,
      answer: NEVER,
    };
    prepared.set(token, made);
    return made;
  };

  return ({ credential }) => {
    const token = ofKind(credential, 'access-token');
    const one = prepared.get(token) ?? prepare(token);
    const left = Math.min(token.expiresAt - clocks.now(), one.endsAt - clocks.monotonic());
    const seconds = Math.floor(left / 1000);
    if (seconds < 1) throw expired();
    if (seconds !== one.seconds) {
      one.seconds = seconds;
      one.answer = jsonText(`${one.before}${seconds}${AFTER}`);
    }
    return one.answer;
  };
}

/** Stands where no answer has been made yet; is replaced before it is read. */
const NEVER = jsonText('{}');

/** The bare JWT. */
export function createIdentityAnswers({ now }: Clocks): (issued: Issued) => Answer {
  return ({ credential }) => {
    const token = ofKind(credential, 'id-token');
    if (token.expiresAt - now() < 1000) throw expired();
    return identityToken(token.token);
  };
}

function expired(): ValetkeyError {
  return new ValetkeyError('UPSTREAM_UNAVAILABLE', { reason: 'the token at hand has expired' });
}
