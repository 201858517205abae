import { expect, test } from 'vitest';

import podIdentity from '../../src/endpoints/aws/pod-identity.ts';
import { endpointConformance } from '../conformance/endpoint.ts';
import { JWT } from '../support/endpoint-world.ts';
import vectors from '../vectors/pod-identity.ts';

endpointConformance({
  endpoint: podIdentity,
  vectors,
  credentials: { path: '/v1/credentials', headers: () => [['Authorization', JWT.good]] },
  waitMs: 800,
});

test('the token file alone: a copy of what the kubelet rotates would go stale and win', () => {
  const { set, clear } = podIdentity.variables({
    baseUrl: 'http://169.254.170.23',
    tokenFile: '/var/run/secrets/token',
    token: JWT.good,
    region: undefined,
  });
  expect(set).toMatchObject({
    AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://169.254.170.23/v1/credentials',
    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: '/var/run/secrets/token',
  });
  expect(clear).toContain('AWS_CONTAINER_AUTHORIZATION_TOKEN');
});
