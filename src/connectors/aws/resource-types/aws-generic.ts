import { parseRegion, invalid } from '../arn.ts';
import { keysOf } from '../access-key.ts';
import type { AwsCloud, AwsScope } from '../cloud.ts';
import { textOf } from '../../fields/text-of.ts';
import { stsPlace } from '../place.ts';
import { defineResourceType } from '../../contract.ts';

/**
 * Whatever the connector's identity may do, in one region.
 * https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html proves it works.
 */
export default defineResourceType<AwsCloud, AwsScope>({
  kind: 'aws-generic',
  title: 'Any AWS resource',
  description:
    'Credentials for every AWS service, with all the permissions of the connector’s identity as far as the connector’s own session policy lets them through. Prefer a more special type where there is one: its credentials can do less. The resource is the connector’s region.',
  permissions: [],
  idFormats: ['<region>'],
  instances: false,
  access: ['full'],

  canonical(id, config) {
    const region = textOf(config, 'region');
    const asked = parseRegion(id, 'resource_id');
    if (region === undefined || asked === region) return asked;
    throw invalid('resource_id', `the connector’s region is ${region}, not ${asked}`);
  },

  narrow: () => undefined,

  async verify({ cloud, credential, config, signal }) {
    await cloud.sts.getCallerIdentity(keysOf(credential), stsPlace(config), signal);
  },
});
