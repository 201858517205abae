import type { Secret } from '../../core/secret.ts';
import { awsToken } from './subject-token/aws.ts';
import { executableToken } from './subject-token/executable.ts';
import { fileToken } from './subject-token/file.ts';
import type { SourceContext } from './subject-token/source-context.ts';
import { urlToken } from './subject-token/url.ts';

/**
 * The token that is exchanged, fresh from its source. Throws `SECRET_MISSING`, `CONFIG_INVALID`,
 * `CREDENTIAL_EXPIRED` and `UPSTREAM_*`, never quoting it.
 */
export async function subjectToken(context: SourceContext): Promise<Secret> {
  const { source } = context.account;
  switch (source.kind) {
    case 'file':
      return await fileToken(source, context);
    case 'url':
      return await urlToken(source, context);
    case 'aws':
      return await awsToken(source, context);
    case 'executable':
      return await executableToken(source, context);
  }
}
