import type * as Library from '@azure/identity';

import { ValetkeyError } from '../../core/errors.ts';
import type { Machine } from '../contract.ts';
import type { Incoming } from '../outbound/exchange.ts';
import { entraToken } from './answers.ts';
import { signAssertion } from './client-assertion.ts';
import type { AzurePlace, Entra, EntraApp, EntraAsk, EntraToken } from './cloud.ts';
import { endpointsOf } from './endpoints.ts';
import { createManagedIdentity } from './managed-identity.ts';
import { createPersonLogins } from './person-login.ts';
import { postChecked } from './token-endpoint.ts';
import { createTransport, type Send } from './transport.ts';

type Lib = typeof Library;
type Options = NonNullable<Library.ClientSecretCredentialOptions>;
type HttpClient = NonNullable<Options['httpClient']>;
type Request = Parameters<HttpClient['sendRequest']>[0];
type Response = Awaited<ReturnType<HttpClient['sendRequest']>>;

/** One whose metadata the library has built in, so that it asks for nothing but the token. */
const KNOWN_AUTHORITY = 'https://login.microsoftonline.com';

/**
 * Entra's token endpoint by Microsoft's library, which is loaded at the first call that needs it, and by
 * our own hand where it falls short: it keeps a person's refresh token to itself (`person-login.ts`),
 * finds a managed identity by the process's variables (`managed-identity.ts`), and dates a
 * certificate's assertion by the process's clock (`client-assertion.ts`). All of it leaves by one transport.
 */
export function createEntra(machine: Machine): Entra {
  const send = createTransport(machine);
  return {
    ...createPersonLogins(send, machine),
    managedIdentity: createManagedIdentity(machine),

    clientSecret: async (app, ask, place, signal) =>
      await byLibrary(send, { app, ask, place, signal }, (library, tenantId, options) => {
        const secret = app.secret.reveal();
        return new library.ClientSecretCredential(tenantId, app.clientId, secret, options);
      }),

    clientAssertion: async (app, ask, place, signal) =>
      await byLibrary(send, { app, ask, place, signal }, (library, tenantId, options) => {
        const assertion = async () => app.assertion.reveal();
        return new library.ClientAssertionCredential(tenantId, app.clientId, assertion, options);
      }),

    clientCertificate: async (app, ask, place, signal) => {
      signal.throwIfAborted();
      const { authority } = endpointsOf(place, machine.env);
      const audience = `${authority}/${ask.tenantId ?? app.tenantId}/oauth2/v2.0/token`;
      const assertion = await signAssertion(app, audience, machine.clock.now());
      return await byLibrary(send, { app, ask, place, signal }, (library, tenantId, options) => {
        const given = async () => assertion.reveal();
        return new library.ClientAssertionCredential(tenantId, app.clientId, given, options);
      });
    },
  };
}

interface LibraryCall {
  readonly app: EntraApp;
  readonly ask: EntraAsk;
  readonly place: AzurePlace;
  readonly signal: AbortSignal;
}

/**
 * The token that the one request brings which the library makes. The answer is read here, not by the
 * library: that computes expiries by the process's clock. A fresh credential each time: it would hand
 * out its last token again, and the broker remembers better.
 */
async function byLibrary(
  send: Send,
  { app, ask, place, signal }: LibraryCall,
  build: (library: Lib, tenantId: string, options: Options) => Library.TokenCredential,
): Promise<EntraToken> {
  signal.throwIfAborted();
  const library = await import('@azure/identity');
  const tenantId = ask.tenantId ?? app.tenantId;
  const outcomes: Promise<Incoming>[] = [];
  const post = async (body: unknown): Promise<Incoming> => {
    if (typeof body !== 'string' || outcomes.length > 0) {
      throw new ValetkeyError('INTERNAL', { reason: 'the library asks for something unexpected' });
    }
    const form = new URLSearchParams(body);
    // Byte for byte: the library has ideas of its own about slashes and capitals.
    form.set('scope', ask.scope);
    const outcome = postChecked(send, 'token', { tenantId, form, place, signal });
    outcomes.push(outcome);
    return await outcome;
  };
  try {
    const credential = build(library, tenantId, {
      authorityHost: KNOWN_AUTHORITY,
      disableInstanceDiscovery: true,
      retryOptions: { maxRetries: 0 },
      httpClient: { sendRequest: (request) => respond(request, post) },
    });
    await credential.getToken(ask.scope, { abortSignal: signal });
  } catch (error) {
    signal.throwIfAborted();
    // What it makes of a failure or finds wrong with an answer, our own check tells better.
    if (outcomes.length === 0) throw unexpected(error);
  }
  const [outcome] = outcomes;
  if (outcome === undefined) throw unexpected(undefined);
  return entraToken(await outcome);
}

/** As the library is to see the network: Entra's token endpoint, under any name, and nothing else. */
async function respond(
  request: Request,
  post: (body: unknown) => Promise<Incoming>,
): Promise<Response> {
  const headers = Object.assign(new Headers(), { toJSON: () => ({}) }) as Response['headers'];
  if (request.method !== 'POST') return { request, headers, status: 404, bodyAsText: '{}' };
  const { status, text } = await post(request.body);
  return { request, headers, status, bodyAsText: text };
}

/**
 * Without its text: it may quote what it was given. The one variable of the process that it reads all
 * the same names a region, which changes nothing here; but it cannot bear `AutoDiscoverRegion`.
 */
function unexpected(error: unknown): ValetkeyError {
  if (error instanceof ValetkeyError) return error;
  const name = error instanceof Error ? error.name : typeof error;
  return new ValetkeyError('INTERNAL', {
    reason: `Microsoft’s library asked for nothing (${name})`,
    hint: 'start valetkey without AZURE_REGIONAL_AUTHORITY_NAME',
  });
}
