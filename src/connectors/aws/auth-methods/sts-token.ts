import { z } from 'zod';

import { ValetkeyError } from '../../../core/errors.ts';
import { defineAuthMethod } from '../../contract.ts';
import {
  accessKeyFields,
  isLongLived,
  LONG_LIVED,
  mustBeTemporary,
  sessionTokenField,
  storedField,
  storedKeys,
} from '../access-key.ts';
import type { AwsCloud, AwsScope } from '../cloud.ts';
import { checkPlace, placeFields, stsPlace } from '../place.ts';

const config = z.strictObject(placeFields).superRefine(checkPlace);

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_use-resources.html */
export default defineAuthMethod<AwsCloud, AwsScope, typeof config>({
  kind: 'sts-token',
  title: 'Stored session',
  description:
    'Temporary keys that were obtained elsewhere are stored and handed on as they are, until they expire; then fresh ones must be stored. Good for trying something out.',
  yields: 'aws-session',
  config,
  secret: z.strictObject({
    ...accessKeyFields,
    aws_access_key_id: accessKeyFields.aws_access_key_id.refine(
      (id) => !isLongLived(id),
      LONG_LIVED,
    ),
    aws_session_token: sessionTokenField,
  }),
  narrows: () => false,
  alternatives: 'iam-role, which can start from the same temporary keys and narrows its sessions',
  needsExpiry: true,

  async issue({ connector, config: options, cloud, machine, signal }) {
    const { expiresAt } = connector;
    const hint = `store fresh keys: valetkey connector update ${connector.name} --expires-at …`;
    if (expiresAt === undefined) {
      throw new ValetkeyError('INPUT_INVALID', {
        subject: 'expires_at',
        reason: 'when the stored keys expire is not known',
        hint,
      });
    }
    const now = machine.clock.now();
    if (expiresAt <= now) throw new ValetkeyError('CREDENTIAL_EXPIRED', { hint });
    const keys = storedKeys(connector.secret);
    mustBeTemporary(keys);
    const identity = await cloud.sts.getCallerIdentity(keys, stsPlace(options), signal);
    return {
      kind: 'aws-session',
      accessKeyId: keys.accessKeyId,
      secretAccessKey: keys.secretAccessKey.reveal(),
      sessionToken: storedField(connector.secret, 'aws_session_token').reveal(),
      issuedAt: now,
      expiresAt,
      accountId: identity.accountId,
      principalArn: identity.arn,
      region: options.region,
    };
  },
});
