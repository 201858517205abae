import { apiRefusal } from './refusal.ts';
import { jsonReply } from './reply.ts';
import type { Route } from './service.ts';

export interface SubjectSourceOptions {
  /** A header that the reader must send, as metadata services want one. */
  readonly header?: readonly [name: string, value: string];
  /** The answer is JSON with the token in this field; plain text when absent. */
  readonly field?: string;
}

interface Source extends SubjectSourceOptions {
  readonly token: () => string;
}

/** What an external account's `credential_source.url` is read from. */
export interface SubjectSources {
  /** Returns the path to read it at. */
  serve(name: string, token: () => string, options?: SubjectSourceOptions): string;
}

export function createSubjectSources(): SubjectSources & { readonly route: Route } {
  const sources = new Map<string, Source>();
  return {
    serve(name, token, options = {}) {
      sources.set(name, { token, ...options });
      return `/subject-token/${name}`;
    },
    route: {
      service: 'subject',
      method: 'GET',
      path: /^\/subject-token\/([a-z0-9-]+)$/,
      name: () => 'token',
      run({ request, params: [name = ''], visit }) {
        visit.target = name;
        const source = sources.get(name);
        if (source === undefined) throw apiRefusal(404, 'NOT_FOUND', 'There is no such token.');
        const [header, value] = source.header ?? [];
        if (header !== undefined && request.headers.get(header.toLowerCase()) !== value) {
          throw apiRefusal(403, 'PERMISSION_DENIED', `The ${header} header is missing.`);
        }
        const token = source.token();
        if (source.field !== undefined) return jsonReply({ [source.field]: token });
        return { status: 200, headers: { 'content-type': 'text/plain' }, body: token };
      },
    },
  };
}
