import { defineEndpoint, type DirectRequest, type EndpointContext } from '../contract.ts';
import { whenReady } from '../settle.ts';
import { createAppService } from './app-service.ts';
import { appServiceShape, failureOf, imdsShape, NOT_FOUND, refusalOf } from './failure.ts';
import { createImds } from './imds.ts';
import { caught, directRoutes, type Reply } from './routes.ts';
import { splitTarget, unknownPath } from './target.ts';
import { appServiceVariables } from './variables.ts';

/** Azure's own path for it; `IDENTITY_ENDPOINT` is this below the base. */
const MSI_PATH = '/msi/token';

/** In front of a secret, and that in front of a path of the instance metadata service. */
const SECRET_PREFIX = '/azure';

const BEHIND_SECRET = /^\/azure\/(?<token>[^/]+)(?<rest>\/.*)$/;

const UNKNOWN = imdsShape(NOT_FOUND);

/**
 * Managed identities of App Service, Functions and Container Apps, by a secret in a header; Azure
 * Machine Learning's are the same. Terraform's `ARM_MSI_ENDPOINT` takes no header, so for it the secret
 * stands in the path, in front of what is otherwise the instance metadata service.
 * https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference
 */
export default defineEndpoint({
  kind: 'azure-app-service',
  title: 'Azure App Service and Container Apps managed identity',
  spec: 'https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference',
  address: undefined,
  paths: ['/msi', SECRET_PREFIX],
  anyCase: true,
  hosts: ['localhost'],
  refuse: (status, reason) => appServiceShape(refusalOf(status, reason, 'GET')),
  errorBody: (error) => appServiceShape(failureOf(error)),
  variables: appServiceVariables,
  routes(context: EndpointContext) {
    const appService = createAppService(context);
    const imds = createImds(context);

    /** A wrong secret is a path that is not there. */
    const behindSecret = (request: DirectRequest, path: string, query: string): Reply => {
      const { token, rest } = BEHIND_SECRET.exec(path)?.groups ?? {};
      if (token === undefined || rest === undefined) return UNKNOWN;
      const { connection } = request;
      return whenReady(context.identify(connection, { kind: 'token', token }), (caller) => {
        if (caller !== undefined) return imds(request, `${rest}?${query}`, () => caller);
        context.refused(connection, 'wrong secret in the path', UNKNOWN.status);
        return UNKNOWN;
      });
    };

    return directRoutes(
      caught(context, appServiceShape, (request) => {
        const { path, query } = splitTarget(request.target);
        if (path === MSI_PATH) return appService(request, query);
        if (path.startsWith(`${SECRET_PREFIX}/`)) return behindSecret(request, path, query);
        return appServiceShape(unknownPath(path));
      }),
    );
  },
});
