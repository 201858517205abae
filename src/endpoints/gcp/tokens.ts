import type { Issued } from '../../core/credential.ts';
import { toValetkeyError, type ValetkeyError } from '../../core/errors.ts';
import type { Answer, Caller, Connection, EndpointContext } from '../contract.ts';
import { GCLOUD_AUDIENCE, identityFailure, tokenFailure } from './answers.ts';
import type { Found } from './find.ts';
import { createIdentityAnswers, createTokenAnswers } from './token-answers.ts';

type Wanted = Extract<Found, { readonly kind: 'token' | 'identity' }>;

/** Answers with a token, or with why there is none. Throws and rejects never. */
export function createTokens(
  context: EndpointContext,
): (connection: Connection, caller: Caller, wanted: Wanted) => Answer | Promise<Answer> {
  const accessToken = createTokenAnswers(context);
  const identityToken = createIdentityAnswers(context);

  const written = (wanted: Wanted, issued: Issued): Answer =>
    wanted.kind === 'token' ? accessToken(issued) : identityToken(issued);

  const failed = (connection: Connection, wanted: Wanted, thrown: unknown): Answer => {
    const error = toValetkeyError(thrown);
    const answer =
      wanted.kind === 'token' ? tokenFailure(error) : identityFailure(error, wanted.audience);
    if (isNews(wanted, error)) {
      context.refused(connection, `${error.code}: ${error.message}`, answer.status);
    }
    return answer;
  };

  return (connection, caller, wanted) => {
    try {
      const issued = context.issue(caller, wanted.choice);
      return issued instanceof Promise
        ? issued
            .then((late) => written(wanted, late))
            .catch((thrown: unknown) => failed(connection, wanted, thrown))
        : written(wanted, issued);
    } catch (thrown) {
      return failed(connection, wanted, thrown);
    }
  };
}

/** gcloud asks before each access token, also for an account that can have no identity token. */
function isNews(wanted: Wanted, { code }: ValetkeyError): boolean {
  const asUsual = wanted.kind === 'identity' && wanted.audience === GCLOUD_AUDIENCE;
  return !asUsual || code !== 'ID_TOKEN_UNSUPPORTED';
}
