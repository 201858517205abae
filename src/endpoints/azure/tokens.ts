import { hash } from 'node:crypto';

import { type Issued, ofKind } from '../../core/credential.ts';
import { toValetkeyError, ValetkeyError } from '../../core/errors.ts';
import type { Answer, Caller, Connection, EndpointContext, IssueChoice } from '../contract.ts';
import { failureOf, type Shape } from './failure.ts';
import { createTokenBodies, LEAST_MS } from './token-body.ts';
import type { Wanted } from './wanted.ts';

/**
 * Longest wait for a cold token, ms. The shortest patience that is known is Databricks' 10 s; the
 * others wait half a minute and more.
 */
const TOKEN_WAIT_MS = 8_000;

/** With less left than this Terraform asks for every call of an API, so a new token is tried for first. */
const AMPLE_MS = 1_200_000;

/** ms after which a token that was refused is asked for anew again; the broker rests as long. */
const REPLACED_AGAIN_MS = 10_000;

/** How a token is asked for, made once per wish. */
interface Wish {
  readonly choice: IssueChoice;
  /** The same, content with whatever is held. */
  readonly content: IssueChoice;
  /** What was held when a new one was tried for because it was short of life. */
  short?: Issued;
}

export interface TokenOptions {
  readonly shape: Shape;
  /** Name the identity in the answer as the client named it (Azure Arc). */
  readonly echo?: boolean;
}

/** Answers with a token, or with why there is none. Throws and rejects never. */
export function createTokens(
  context: EndpointContext,
  { shape, echo = false }: TokenOptions,
): (connection: Connection, caller: Caller, wanted: Wanted) => Answer | Promise<Answer> {
  const bodyOf = createTokenBodies(context, echo);
  const wishes = new WeakMap<Wanted, Wish>();

  const wishOf = (wanted: Wanted): Wish => {
    const known = wishes.get(wanted);
    if (known !== undefined) return known;
    const content: IssueChoice = {
      kind: 'access-token',
      profile: wanted.identity.profile,
      // Byte for byte: without a slash, or with two, is another audience.
      scopes: [`${wanted.resource}/.default`],
      waitMs: TOKEN_WAIT_MS,
    };
    const unwanted = (held: Issued): boolean => {
      if (isShort(held, context.now())) {
        wish.short = held;
        return true;
      }
      return wanted.fresh || isRefused(wanted, held);
    };
    const wish: Wish = { choice: { ...content, unwanted }, content: { ...content, waitMs: 0 } };
    wishes.set(wanted, wish);
    return wish;
  };

  const written = (wanted: Wanted, issued: Issued): Answer => {
    if (!isRefused(wanted, issued)) return bodyOf(wanted, issued);
    throw new ValetkeyError('UPSTREAM_UNAVAILABLE', {
      reason: 'there is no other token than the refused one yet',
      retryAfterMs: REPLACED_AGAIN_MS,
    });
  };

  const failed = (connection: Connection, thrown: unknown): Answer => {
    const error = toValetkeyError(thrown);
    const answer = shape(failureOf(error));
    context.refused(connection, `${error.code}: ${error.message}`, answer.status);
    return answer;
  };

  /** No new token, but one at hand that is still good for some minutes. */
  const spare = async (caller: Caller, wanted: Wanted, thrown: unknown): Promise<Answer> => {
    const { short, content } = wishOf(wanted);
    if (short === undefined || wanted.fresh || lifeLeft(short, context.now()) < LEAST_MS) {
      throw thrown;
    }
    const held = await Promise.resolve(context.issue(caller, content)).catch(() => undefined);
    if (held === undefined) throw thrown;
    return written(wanted, held);
  };

  const late = async (
    connection: Connection,
    caller: Caller,
    wanted: Wanted,
    coming: Promise<Issued>,
  ): Promise<Answer> => {
    try {
      let issued: Issued;
      try {
        issued = await coming;
      } catch (thrown) {
        return await spare(caller, wanted, thrown);
      }
      return written(wanted, issued);
    } catch (thrown) {
      return failed(connection, thrown);
    }
  };

  return (connection, caller, wanted) => {
    try {
      const issued = context.issue(caller, wishOf(wanted).choice);
      return issued instanceof Promise
        ? late(connection, caller, wanted, issued)
        : written(wanted, issued);
    } catch (thrown) {
      return failed(connection, thrown);
    }
  };
}

/** A source of short lives only is not asked for each request: the last third of such a life is the end of it. */
function isShort(held: Issued, now: number): boolean {
  const { expiresAt, issuedAt } = held.credential;
  const ample = Math.max(LEAST_MS, Math.min(AMPLE_MS, (expiresAt - issuedAt) / 3));
  return lifeLeft(held, now) < ample;
}

function lifeLeft({ credential }: Issued, now: number): number {
  return credential.expiresAt - now;
}

function isRefused({ refused }: Wanted, { credential }: Issued): boolean {
  if (refused === undefined) return false;
  return hash('sha256', ofKind(credential, 'access-token').token, 'hex') === refused;
}
