import { defineEndpoint, type EndpointContext } from '../contract.ts';
import { whenReady } from '../settle.ts';
import { containerError, containerFailure, containerRefusal } from './container-error.ts';
import { CREDENTIALS_PATH, containerRoutes, type Denied } from './container-routes.ts';
import { ecsDocument } from './credential-document.ts';
import { containerVariables } from './variables.ts';

const WRONG_SECRET: Denied = {
  denied: containerError(
    403,
    'AccessDenied',
    'Authorization must carry the workload’s secret as it is',
  ),
  why: 'wrong secret',
};

const NO_SECRET: Denied = { ...WRONG_SECRET, why: 'no Authorization header' };

const PREFIXED: Denied = {
  denied: containerError(
    403,
    'AccessDenied',
    'Authorization must carry the workload’s secret raw, without a scheme such as Bearer in front',
  ),
  why: 'secret behind a scheme such as Bearer; it is configured raw',
};

const PADDED: Denied = {
  ...WRONG_SECRET,
  why: 'white space inside Authorization; a secret has none (a line end in the secret file?)',
};

/**
 * ECS task credentials: what every AWS SDK asks when `AWS_CONTAINER_CREDENTIALS_FULL_URI` is set.
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
 */
export default defineEndpoint({
  kind: 'ecs',
  title: 'AWS container credentials (ECS)',
  spec: 'https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html',
  address: '169.254.170.2',
  paths: [CREDENTIALS_PATH],
  hosts: ['169.254.170.2'],
  refuse: containerRefusal,
  errorBody: containerFailure,
  variables: containerVariables,
  routes: (context: EndpointContext) =>
    containerRoutes(context, {
      profiles: true,
      document: ecsDocument,
      identify: (connection, authorization) => {
        if (authorization === undefined || authorization === '') return NO_SECRET;
        return whenReady(
          context.identify(connection, { kind: 'token', token: authorization }),
          (caller) => caller ?? explain(authorization),
        );
      },
    }),
});

/** A wrong secret stays wrong; what is likely wrong about it is told to the person. */
function explain(authorization: string): Denied {
  if (/^(bearer|basic|token)\s/i.test(authorization)) return PREFIXED;
  return /\s/.test(authorization) ? PADDED : WRONG_SECRET;
}
