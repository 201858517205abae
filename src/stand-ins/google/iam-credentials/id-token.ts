import { invalidArgument } from '../api-refusals.ts';
import { textOf } from '../json.ts';
import type { JsonObject } from '../json.ts';
import { checkFields, targetOf } from './call.ts';
import type { IamCall } from './call.ts';

/** https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/generateIdToken */
export function generateIdToken(call: IamCall): JsonObject {
  const { world, visit, body } = call;
  checkFields(body, [
    'audience',
    'delegates',
    'includeEmail',
    'useEmailAzp',
    'organizationNumberIncluded',
  ]);
  const audience = textOf(body, 'audience') ?? '';
  if (audience === '') throw invalidArgument('Invalid value at "audience": it is required.');
  const { email, uniqueId } = targetOf(call, 'iam.serviceAccounts.getOpenIdToken').principal;
  const token = world.googleKeys.identityToken(
    {
      audience,
      authorizedParty: body['useEmailAzp'] === true ? email : uniqueId,
      subject: uniqueId,
      email: body['includeEmail'] === true ? email : undefined,
    },
    visit.now,
  );
  return { token };
}
