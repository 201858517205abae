import { respond } from '../answer.ts';
import { defineEndpoint, type EndpointContext, type EndpointEnv } from '../contract.ts';
import { whenReady } from '../settle.ts';
import { createCloudShell, METHODS } from './cloud-shell.ts';
import { cloudShellShape, failureOf, refusalOf } from './failure.ts';
import { readForm } from './form.ts';
import { caught, directRequest } from './routes.ts';
import { cloudShellVariables } from './variables.ts';

/**
 * Tokens as Cloud Shell gives them: a form, no version, and no secret; Java sends a query instead.
 * Who asks is told by the listener and the peer's user alone.
 * https://learn.microsoft.com/azure/cloud-shell/msi-authorization
 */
export default defineEndpoint({
  kind: 'azure-cloud-shell',
  title: 'Azure Cloud Shell',
  spec: 'https://learn.microsoft.com/azure/cloud-shell/msi-authorization',
  address: undefined,
  paths: ['/oauth2'],
  hosts: ['localhost'],
  refuse: (status, reason) => cloudShellShape(refusalOf(status, reason, METHODS)),
  errorBody: (error) => cloudShellShape(failureOf(error)),
  variables: cloudShellVariables,
  routes(context: EndpointContext) {
    const cloudShell = createCloudShell(context);
    const asQuery = caught(context, cloudShellShape, (request) => cloudShell(request, undefined));
    return {
      // A form is read by Hono's way alone.
      direct: (request) => (request.method === 'POST' ? undefined : asQuery(request)),
      async app() {
        const { Hono } = await import('hono');
        const made = new Hono<EndpointEnv>();
        made.all('*', (c) => {
          const { raw, method } = c.req;
          const form = method === 'POST' ? () => readForm(raw) : undefined;
          const answering = caught(context, cloudShellShape, (one) => cloudShell(one, form));
          return whenReady(answering(directRequest(raw, c.env.connection)), respond);
        });
        return made;
      },
    };
  },
});
