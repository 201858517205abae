import type { AccessToken, IdToken } from '../../core/credential.ts';
import { tokenId } from '../../core/token-id.ts';
import { ValetkeyError } from '../../core/errors.ts';
import type { IssueInput } from '../contract.ts';
import type { Base, GcpCloud, GcpScope } from './cloud.ts';
import { ownScopes } from './own-scopes.ts';
import { textOf } from '../fields/text-of.ts';
import { placeOf } from './place.ts';
import { CLOUD_PLATFORM, covers } from './scopes.ts';

type Input<Config> = IssueInput<GcpCloud, Config, GcpScope>;
type Facts = Readonly<Record<string, unknown>>;

/**
 * The credential that a method issues for its base. What a client chose comes first, then what its
 * grant is limited to, then what the base usually asks for; a boundary narrows a token in another way.
 */
export async function mintAccessToken(
  base: Base,
  { config, scope, scopes, cloud, machine, signal }: Input<Facts>,
): Promise<AccessToken> {
  const boundary = scope?.boundary;
  const asked = boundary === undefined ? (scopes ?? scope?.scopes) : scopesToNarrow(config);
  const source = await base.token(asked, signal);
  if (boundary === undefined) checkWithin(source.scopes, scope?.scopes);
  const issued =
    boundary === undefined
      ? source
      : await cloud.auth.downscope(source, boundary, placeOf(config), signal);
  const token = issued.token.reveal();
  return {
    kind: 'access-token',
    id: tokenId(token),
    token,
    issuedAt: machine.clock.now(),
    expiresAt: issued.expiresAt,
    principal: base.principal,
    account: textOf(config, 'project_id') ?? '',
    scopes: issued.scopes,
  };
}

/** Who was asked for fewer scopes may give them all the same, and say so. */
function checkWithin(scopes: readonly string[], limit: readonly string[] | undefined): void {
  if (limit === undefined || scopes.every((scope) => covers(limit, scope))) return;
  throw new ValetkeyError('SCOPE_UNSUPPORTED', {
    reason: 'the token that was issued has more scopes than the grant',
  });
}

/** Throws `ID_TOKEN_UNSUPPORTED` when the base cannot prove itself to others. */
export async function mintIdToken(
  base: Base,
  {
    config,
    audience,
    machine,
    signal,
  }: Pick<Input<Facts>, 'config' | 'machine' | 'signal'> & { readonly audience: string },
): Promise<IdToken> {
  if (base.idToken === undefined) throw new ValetkeyError('ID_TOKEN_UNSUPPORTED');
  const issued = await base.idToken(audience, signal);
  const token = issued.token.reveal();
  return {
    kind: 'id-token',
    id: tokenId(token),
    token,
    audience,
    issuedAt: machine.clock.now(),
    expiresAt: issued.expiresAt,
    principal: base.principal,
    account: textOf(config, 'project_id') ?? '',
  };
}

/** Of a token that a boundary narrows: the widest scope when the connector has it, so that only the boundary counts. */
function scopesToNarrow(config: Facts): readonly string[] {
  const own = ownScopes(config);
  return own === undefined || own.includes(CLOUD_PLATFORM) ? [CLOUD_PLATFORM] : own;
}
