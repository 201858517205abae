import { toValetkeyError } from '../../core/errors.ts';
import { type Caller, defineEndpoint, type EndpointContext } from '../contract.ts';
import { containerError, containerFailure, containerRefusal } from './container-error.ts';
import { CREDENTIALS_PATH, containerRoutes, type Denied } from './container-routes.ts';
import { podIdentityDocument } from './credential-document.ts';
import { containerVariables } from './variables.ts';

/** Three base64url parts (RFC 7519 section 3); a longer one than any kubelet writes is not looked at. */
const JWT = /^[\w-]{1,8192}\.[\w-]{1,16384}\.[\w-]{0,4096}$/;

const NO_TOKEN: Denied = {
  denied: containerError(400, 'InvalidRequestException', 'Authorization is missing'),
  why: 'no service-account token',
};

const NOT_A_JWT: Denied = {
  denied: containerError(
    400,
    'InvalidTokenException',
    'Authorization must carry the service-account token raw, without a scheme such as Bearer in front',
  ),
  why: 'Authorization is not a JWT',
};

const FORBIDDEN: Denied = {
  denied: containerError(403, 'AccessDeniedException', 'the service-account token is not accepted'),
  why: 'service-account token of nobody here, or of another audience or issuer',
};

/**
 * EKS Pod Identity: the node agent that pods ask with their projected service-account token. Unlike
 * the real agent, which leaves it to EKS, the token's signature and audience are verified here.
 * https://docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html
 */
export default defineEndpoint({
  kind: 'pod-identity',
  title: 'EKS Pod Identity',
  spec: 'https://docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html',
  address: '169.254.170.23',
  paths: [CREDENTIALS_PATH],
  hosts: ['169.254.170.23', '[fd00:ec2::23]'],
  refuse: containerRefusal,
  errorBody: containerFailure,
  // The kubelet rotates the token file: a copy of its content in a variable would go stale and win.
  variables: (input) => containerVariables({ ...input, token: undefined }),
  routes: (context) =>
    containerRoutes(context, {
      profiles: false,
      document: podIdentityDocument,
      identify: (connection, authorization) => {
        if (authorization === undefined || authorization === '') return NO_TOKEN;
        if (!JWT.test(authorization)) return NOT_A_JWT;
        return verified(context, connection, authorization);
      },
    }),
});

async function verified(
  context: EndpointContext,
  connection: Parameters<EndpointContext['identify']>[0],
  jwt: string,
): Promise<Caller | Denied> {
  try {
    return (await context.identify(connection, { kind: 'service-account', jwt })) ?? FORBIDDEN;
  } catch (thrown) {
    const error = toValetkeyError(thrown);
    if (error.code !== 'UPSTREAM_INVALID') throw error;
    return {
      denied: containerError(
        400,
        error.upstreamCode ?? 'InvalidTokenException',
        error.reason ?? 'the service-account token is not valid',
      ),
      why: `service-account token: ${error.message}`,
    };
  }
}
