import { ValetkeyError } from '../../../core/errors.ts';
import { defineResourceType } from '../../contract.ts';
import type { GcpCloud, GcpScope } from '../cloud.ts';
import { requireScope } from '../own-scopes.ts';
import { accountFields, textOf } from '../place.ts';
import { parseScope } from '../scopes.ts';

/** https://developers.google.com/identity/protocols/oauth2/scopes */
export default defineResourceType<GcpCloud, GcpScope>({
  kind: 'gcp-generic',
  title: 'Any Google Cloud resource',
  description:
    'Tokens for every Google API, with all the permissions of the connector’s identity as far as its OAuth scopes let them through. A grant may limit them to some of these scopes (scopes), and clients may ask for fewer still. Prefer a more special type where there is one: its tokens can do less. The resource is the connector’s project, and that Google issues a token is the proof that it works.',
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

  /** Google issued the token, or there would be none; no API is open to every identity. */
  verify: async () => {},
});

function invalid(reason: string): ValetkeyError {
  return new ValetkeyError('INPUT_INVALID', { subject: 'resource_id', reason });
}
