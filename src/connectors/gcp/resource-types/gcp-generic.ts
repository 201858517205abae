import { ofKind } from '../../../core/credential.ts';
import { ValetkeyError } from '../../../core/errors.ts';
import { secret } from '../../../core/secret.ts';
import { defineResourceType } from '../../contract.ts';
import type { GcpCloud, GcpScope } from '../cloud.ts';
import { requireScope } from '../own-scopes.ts';
import { textOf } from '../../fields/text-of.ts';
import { accountFields, placeOf } from '../place.ts';
import { parseScope } from '../scopes.ts';

/** https://developers.google.com/identity/protocols/oauth2/scopes */
export default defineResourceType<GcpCloud, GcpScope>({
  kind: 'gcp-generic',
  title: 'Any Google Cloud resource',
  description:
    'Tokens for every Google API, with all the permissions of the connector’s identity as far as its OAuth scopes let them through. A grant may limit them to some of these scopes (scopes), and clients may ask for fewer still. Prefer a more special type where there is one: its tokens can do less. The resource is the connector’s project.',
  permissions: [],
  idFormats: ['<project-id>'],
  instances: false,
  access: ['full'],
  scopes: true,

  canonical(id, config) {
    const own = textOf(config, 'project_id');
    const parsed = accountFields.project_id.safeParse(id);
    if (!parsed.success) throw invalid(parsed.error.issues[0]?.message ?? 'it is no project id');
    if (own === undefined || own === id) return id;
    throw invalid(`the connector’s project is ${own}, not ${id}`);
  },

  narrow({ scopes }, config) {
    if (scopes === undefined || scopes.length === 0) return undefined;
    for (const scope of scopes) requireScope(config, parseScope(scope));
    return { scopes: [...new Set(scopes)].sort() };
  },

  /**
   * No API is open to every identity. A token that was issued this moment proves itself; whether a
   * stored one is still known, Google tells (of the tokens that it issues to accounts and people, not of
   * federated ones, nor of those that are signed here).
   */
  async verify({ cloud, credential, config, signal }) {
    const { token } = ofKind(credential, 'access-token');
    if (ISSUED.test(token)) await cloud.auth.proveToken(secret(token), placeOf(config), signal);
  },
});

const ISSUED = /^ya29\.(?!dr?\.)/;

function invalid(reason: string): ValetkeyError {
  return new ValetkeyError('INPUT_INVALID', { subject: 'resource_id', reason });
}
