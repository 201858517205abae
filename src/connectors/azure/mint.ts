import type { AccessToken } from '../../core/credential.ts';
import { tokenId } from '../../core/token-id.ts';
import { ValetkeyError } from '../../core/errors.ts';
import type { Secret } from '../../core/secret.ts';
import type { IssueInput } from '../contract.ts';
import type { AzureCloud, AzureScope, EntraAsk, EntraToken } from './cloud.ts';
import { armAudience, audienceOf, defaultScope } from './environments.ts';
import { textOf } from '../fields/text-of.ts';
import { audience, environmentOf } from './place.ts';

type Facts = Readonly<Record<string, unknown>>;
type Asked = Pick<IssueInput<AzureCloud, Facts, AzureScope>, 'config' | 'scope' | 'scopes'>;

/**
 * What to ask Entra for: what the client chose, else the first audience of its grant, else that of the
 * connector, else Resource Manager. Throws `INPUT_INVALID` when it is not one audience.
 */
export function askOf({ config, scope, scopes }: Asked): EntraAsk {
  const wanted = scopes ?? [defaultScope(scope?.audiences[0] ?? usualAudience(config))];
  const [one, ...more] = wanted;
  // A space would make two of it.
  if (one === undefined || more.length > 0 || !audience.safeParse(audienceOf(one)).success) {
    throw new ValetkeyError('INPUT_INVALID', {
      subject: 'scope',
      reason: 'a token of Entra is for one audience',
      hint: 'ask for <audience>/.default',
    });
  }
  const tenantId = textOf(config, 'for_tenant');
  return { scope: one, ...(tenantId === undefined ? {} : { tenantId }) };
}

export function usualAudience(config: Facts): string {
  const own = config['audiences'];
  const first: unknown = Array.isArray(own) ? own[0] : undefined;
  return typeof first === 'string' ? first : armAudience(environmentOf(config));
}

/**
 * The credential for a token of Entra's. Who it speaks for is as it says itself, for people to read.
 * Throws `UPSTREAM_CLOCK_SKEW` when it has ended already.
 */
export function credentialOf(
  { token: issued, expiresAt, claims }: EntraToken,
  { scope }: EntraAsk,
  {
    config,
    machine,
  }: Pick<IssueInput<AzureCloud, Facts, AzureScope>, 'machine'> & { readonly config: Facts },
): AccessToken {
  const token = issued.reveal();
  const now = machine.clock.now();
  if (expiresAt <= now) {
    throw new ValetkeyError('UPSTREAM_CLOCK_SKEW', {
      reason: 'a token issued this moment is expired by this machine’s clock',
      hint: 'set this machine’s clock (for example: timedatectl set-ntp true)',
    });
  }
  return {
    kind: 'access-token',
    id: tokenId(token),
    token,
    issuedAt: now,
    expiresAt,
    principal: claims.name ?? claims.clientId ?? textOf(config, 'client_id') ?? '',
    account:
      textOf(config, 'subscription_id') ?? claims.tenantId ?? textOf(config, 'tenant_id') ?? '',
    scopes: [scope],
  };
}

/** A stored secret field. Throws `SECRET_MISSING` naming it. */
export function storedField(stored: Readonly<Record<string, Secret>>, field: string): Secret {
  const found = stored[field];
  if (found !== undefined && found.reveal() !== '') return found;
  throw new ValetkeyError('SECRET_MISSING', {
    subject: field,
    hint: 'store it with: valetkey connector update',
  });
}
