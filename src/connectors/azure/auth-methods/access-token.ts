import { z } from 'zod';

import { ValetkeyError } from '../../../core/errors.ts';
import { secret } from '../../../core/secret.ts';
import { defineAuthMethod } from '../../contract.ts';
import { includes } from '../audiences.ts';
import { readClaims } from '../claims.ts';
import type { AzureCloud, AzureEnvironment, AzureScope, EntraToken } from '../cloud.ts';
import { audienceOf, defaultScope } from '../environments.ts';
import { credentialOf, storedField, usualAudience } from '../mint.ts';
import { appFields, audience, environmentOf, identityFields, placeFields } from '../place.ts';

const { audiences: _any, ...place } = placeFields;

const config = z.strictObject({
  ...place,
  ...identityFields,
  tenant_id: appFields.tenant_id.optional().describe('Id of the directory that the token is of'),
  client_id: appFields.client_id.optional().describe('Id of the application that the token is of'),
  audience: audience
    .optional()
    .describe('Audience that the token is for. Default: as it says itself, else Resource Manager'),
});

/** https://learn.microsoft.com/entra/identity-platform/access-tokens */
export default defineAuthMethod<AzureCloud, AzureScope, typeof config>({
  kind: 'access-token',
  title: 'Stored access token',
  description:
    'An access token that was obtained elsewhere, such as by az account get-access-token, is stored and handed on until it expires, for its own audience alone; then a fresh one must be stored. Good for trying something out.',
  yields: 'access-token',
  config,
  secret: z.strictObject({
    token: z
      .string()
      .regex(/^[\x21-\x7e]+$/, 'this is no access token')
      .describe('Access token that Entra issued'),
  }),
  narrows: (options, scope) => {
    const { audience: own } = options;
    if (scope === undefined) return true;
    // Asked of a configuration as it was written, too: without defaults.
    const environment = environmentOf(options);
    return own !== undefined && isWithin(own, scope, environment);
  },
  alternatives: 'service-principal or user-account, which ask for a token of each audience',
  needsExpiry: true,

  complete(_given, { token }) {
    if (token === undefined) return {};
    const { claims } = readClaims(token.reveal());
    const known = appFields.client_id.optional().catch(undefined);
    return defined({
      tenant_id: known.parse(claims.tenantId),
      client_id: known.parse(claims.clientId),
      object_id: known.parse(claims.objectId),
      audience: audience.optional().catch(undefined).parse(claims.audience),
    });
  },

  async issue(input) {
    const { connector, config: options, scope, scopes, machine } = input;
    const token = storedField(connector.secret, 'token').reveal();
    const { claims, expires } = readClaims(token);
    // The token's own word counts: a configuration may be older than the token.
    const own = claims.audience ?? options.audience ?? usualAudience(options);
    const wanted = scopes?.map(audienceOf) ?? scope?.audiences ?? [own];
    const { environment } = options;
    const good = wanted.some((one) => includes(own, one, environment));
    if (!good || (scope !== undefined && !isWithin(own, scope, environment))) {
      throw new ValetkeyError('SCOPE_NOT_GRANTED', {
        subject: wanted[0] ?? 'scope',
        reason: `the stored token is for ${audience.catch('another audience').parse(own)} alone`,
        hint: 'use service-principal or user-account, which ask for a token of each audience',
      });
    }
    const stored = connector.expiresAt ?? Number.NaN;
    const ends = expires === undefined ? stored : expires * 1000;
    const expiresAt = Number.isNaN(stored) ? ends : Math.min(ends, stored);
    if (!(expiresAt > machine.clock.now())) {
      throw new ValetkeyError('CREDENTIAL_EXPIRED', {
        hint: `store a new one with: valetkey connector update ${connector.name}`,
      });
    }
    const found: EntraToken = { token: secret(token), expiresAt, claims };
    return credentialOf(found, { scope: scopes?.[0] ?? defaultScope(own) }, input);
  },
});

/** Does a token for `own` do no more than was granted? One for all of storage is more than one account's. */
function isWithin(own: string, { audiences }: AzureScope, environment: AzureEnvironment): boolean {
  return audiences.some((one) => includes(one, own, environment));
}

function defined(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
