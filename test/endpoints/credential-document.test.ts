import { expect, test } from 'vitest';

import {
  ecsDocument,
  imdsDocument,
  podIdentityDocument,
} from '../../src/endpoints/aws/credential-document.ts';
import { session } from '../support/endpoint-world.ts';

test('rule 0.2: a cloud without accounts has no AccountId, rather than an empty one', () => {
  const credential = { ...session(0), accountId: '', roleArn: undefined };
  for (const { body } of [
    ecsDocument(credential),
    podIdentityDocument(credential),
    imdsDocument(credential, 0),
  ]) {
    const document = JSON.parse(body) as Record<string, unknown>;
    expect(document).not.toHaveProperty('AccountId');
    expect(
      Object.values(document).every((value) => typeof value === 'string' && value !== ''),
    ).toBe(true);
  }
});
