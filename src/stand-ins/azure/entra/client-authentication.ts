import type { AppState } from '../apps.ts';
import type { Tenant } from '../directory.ts';
import type { Form } from '../form.ts';
import type { Visit } from '../service.ts';
import type { World } from '../world.ts';
import { oauthRefusal } from './aadsts.ts';
import { checkCertificateAssertion } from './certificate-assertion.ts';
import { checkFederatedAssertion } from './federated-assertion.ts';
import { decodeAssertion } from './assertion.ts';

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** How a client proved itself, in the words of `appidacr`. */
export type Proof = '1' | '2';

/** The app of a request, when it is in the tenant and not switched off. */
export function appOf(world: World, clientId: string, tenant: Tenant): AppState {
  const app = world.directory.findApp(clientId);
  if (app === undefined || !app.places.has(tenant.id)) {
    throw oauthRefusal(
      700016,
      `Application with identifier '${clientId}' was not found in the directory '${tenant.domain}'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant.`,
    );
  }
  if (app.disabled) {
    throw oauthRefusal(7000112, `Application '${app.app.clientId}'(${app.app.name}) is disabled.`);
  }
  return app;
}

/** A secret or an assertion, exactly one of them. */
export function authenticate(
  world: World,
  app: AppState,
  form: Form,
  tenant: Tenant,
  visit: Visit,
): Proof {
  const secret = form.get('client_secret');
  const assertion = form.get('client_assertion');
  if (secret !== undefined && assertion !== undefined) {
    throw oauthRefusal(90100, 'Both client_secret and client_assertion were given.');
  }
  if (secret !== undefined) {
    checkSecret(app, secret, visit.now);
    return '1';
  }
  if (assertion === undefined) {
    throw oauthRefusal(
      7000218,
      "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
    );
  }
  if (form.require('client_assertion_type') !== ASSERTION_TYPE) {
    throw oauthRefusal(50027, 'JWT token is invalid or malformed: unknown client_assertion_type.');
  }
  const jwt = decodeAssertion(assertion);
  const ours =
    ['x5t', 'x5t#S256', 'x5c'].some((name) => name in jwt.header) ||
    jwt.claims['iss'] === app.app.clientId;
  if (ours) checkCertificateAssertion(world, app, jwt, tenant, visit.now);
  else checkFederatedAssertion(app, jwt, visit.now);
  return '2';
}

/** The secret itself, and neither its id nor one that is over. */
function checkSecret(app: AppState, value: string, now: number): void {
  const found = [...app.secrets.values()].find((secret) => secret.value === value);
  if (found === undefined) {
    throw oauthRefusal(
      7000215,
      `Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '${app.app.clientId}'.`,
    );
  }
  if (found.expiresAt <= now) {
    throw oauthRefusal(
      7000222,
      `The provided client secret keys for app '${app.app.clientId}' are expired. Visit the Azure portal to create new keys for your app: https://aka.ms/NewClientSecret, or consider using certificate credentials for added security: https://aka.ms/certCreds.`,
    );
  }
}
