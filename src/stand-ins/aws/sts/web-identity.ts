import { createLocalJWKSet, decodeJwt, errors, jwtVerify } from 'jose';
import type { JWTPayload } from 'jose';
import { oidcProviderArn } from '../accounts.ts';
import type { OidcProvider } from '../accounts.ts';
import { evaluate } from '../policy.ts';
import { refusal } from '../refusal.ts';
import type { XmlElements } from '../xml.ts';
import { accountOf, roleArnOf, setTags, setText, startRoleSession } from './assume-role.ts';
import { denied } from './call.ts';
import type { StsAction, UnsignedCall } from './call.ts';
import { readSessionScope } from './session-scope.ts';

/** https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html */
export const ASSUME_ROLE_WITH_WEB_IDENTITY: StsAction = {
  signed: false,
  required: ['RoleArn', 'RoleSessionName', 'WebIdentityToken'],
  seconds: [900, 43_200],
  run: assumeRoleWithWebIdentity,
};

/** The claim that carries session tags. IAM User Guide, "Passing session tags using AssumeRoleWithWebIdentity". */
const TAGS_CLAIM = 'https://aws.amazon.com/tags';
const SOURCE_IDENTITY_CLAIM = 'https://aws.amazon.com/source_identity';

async function assumeRoleWithWebIdentity(call: UnsignedCall): Promise<XmlElements> {
  const { parameters, accounts, now } = call;
  const roleArn = roleArnOf(call);
  const token = parameters.text('WebIdentityToken') ?? '';
  const issuer = issuerOf(token);
  const provider = accounts.findOidcProvider(accountOf(roleArn), issuer);
  if (provider === undefined) {
    throw invalidToken(`No OpenIDConnect provider found in your account for ${issuer}`);
  }
  const claims = await verifyToken(token, provider, now);
  const audience = [claims.aud ?? []].flat()[0] ?? '';
  const scope = readSessionScope(parameters, accounts, accountOf(roleArn));
  const { tags, transitive } = tagsOf(claims);
  const sourceIdentity = textClaim(claims, SOURCE_IDENTITY_CLAIM);
  const context = claimsContext(claims, provider, now);
  setText(context, 'sts:rolesessionname', parameters.text('RoleSessionName'));
  setText(context, 'sts:sourceidentity', sourceIdentity);
  setTags(context, tags, transitive);
  const role = accounts.findRole(roleArn);
  const actions = ['sts:AssumeRoleWithWebIdentity'];
  if (tags.size > 0) actions.push('sts:TagSession');
  if (sourceIdentity !== undefined) actions.push('sts:SetSourceIdentity');
  const principals = ['*', `Federated:${oidcProviderArn(provider)}`];
  const trusted = actions.every((action) => {
    const question = { action, resource: roleArn, context, principals };
    return role !== undefined && evaluate([role.trust], question) === 'allow';
  });
  if (role === undefined || !trusted) {
    throw denied('Not authorized to perform sts:AssumeRoleWithWebIdentity');
  }
  const result = startRoleSession(call, role, {
    action: 'AssumeRoleWithWebIdentity',
    chained: false,
    scope: { ...scope, tags, transitiveTagKeys: transitive },
    sourceIdentity,
  });
  return {
    ...result,
    SubjectFromWebIdentityToken: claims.sub,
    Audience: audience,
    Provider: oidcProviderArn(provider),
  };
}

function issuerOf(token: string): string {
  try {
    const { iss } = decodeJwt(token);
    if (iss !== undefined) return iss;
  } catch {
    // not a JWT: the same answer as one without an issuer
  }
  throw invalidToken(
    'The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)',
  );
}

async function verifyToken(
  token: string,
  provider: OidcProvider,
  now: number,
): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(token, createLocalJWKSet(provider.jwks), {
      issuer: provider.issuer,
      audience: [...provider.audiences],
      algorithms: ['RS256', 'ES256'],
      requiredClaims: ['sub', 'aud', 'iat', 'exp'],
      currentDate: new Date(now),
    });
    return payload;
  } catch (error) {
    throw tokenRefusal(error, now);
  }
}

function tokenRefusal(error: unknown, now: number): Error {
  if (error instanceof errors.JWTExpired) {
    const [current, end] = [Math.floor(now / 1000), error.payload.exp ?? 0];
    const text = `Token expired: current date/time ${current} must be before the expiration date/time ${end}`;
    return refusal('ExpiredTokenException', 400, text);
  }
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'aud' && error.reason !== 'missing')
      return invalidToken('Incorrect token audience');
    return invalidToken(`Missing or wrong claim: ${error.claim}`);
  }
  return invalidToken(
    "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements",
  );
}

function invalidToken(message: string): Error {
  return refusal('InvalidIdentityToken', 400, message);
}

/** The claims a trust policy can test: `issuer.example/path:sub`, `:aud`, and any other text claim. */
function claimsContext(
  claims: JWTPayload,
  provider: OidcProvider,
  now: number,
): Map<string, readonly string[]> {
  const host = provider.issuer.replace('https://', '').toLowerCase();
  const context = new Map<string, readonly string[]>([
    ['aws:federatedprovider', [oidcProviderArn(provider)]],
    ['aws:currenttime', [new Date(now).toISOString()]],
    ['aws:epochtime', [String(Math.floor(now / 1000))]],
  ]);
  for (const [name, value] of Object.entries(claims)) {
    const values: unknown[] = [value].flat();
    const texts = values.filter((item) => typeof item === 'string');
    if (texts.length > 0) context.set(`${host}:${name.toLowerCase()}`, texts);
  }
  return context;
}

function tagsOf(claims: JWTPayload): { tags: Map<string, string>; transitive: string[] } {
  const claim = claims[TAGS_CLAIM];
  if (typeof claim !== 'object' || claim === null) return { tags: new Map(), transitive: [] };
  const { principal_tags: tags = {}, transitive_tag_keys: transitive = [] } = claim as {
    principal_tags?: Record<string, string[]>;
    transitive_tag_keys?: string[];
  };
  return {
    tags: new Map(Object.entries(tags).map(([key, [value = '']]) => [key, value])),
    transitive,
  };
}

function textClaim(claims: JWTPayload, name: string): string | undefined {
  const value = claims[name];
  return typeof value === 'string' ? value : undefined;
}
