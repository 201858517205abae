import { ValetkeyError } from '../../../core/errors.ts';
import type { Secret } from '../../../core/secret.ts';
import type { FileSource } from '../credential-source.ts';
import { readRegularFile } from '../../../files/regular-file.ts';
import type { SourceContext } from './source-context.ts';
import { malformed, SUBJECT_TOKEN_MAX_BYTES, tokenIn } from './token-format.ts';

const SUBJECT = 'credential_source.file';

/** A file that something else keeps fresh, such as Kubernetes: read each time. */
export async function fileToken(
  { path, format }: FileSource,
  { signal }: SourceContext,
): Promise<Secret> {
  return tokenIn(await contentOf(path, signal), format, SUBJECT);
}

async function contentOf(path: string, signal: AbortSignal): Promise<string> {
  try {
    return await readRegularFile(path, SUBJECT_TOKEN_MAX_BYTES, signal);
  } catch (cause) {
    if (signal.aborted) throw signal.reason;
    if (cause instanceof RangeError) throw malformed(SUBJECT, 'it is too long for a token');
    throw new ValetkeyError('SECRET_MISSING', {
      subject: SUBJECT,
      reason: 'the file cannot be read',
      hint: 'check that it is there and that the daemon’s user may read it',
      cause,
    });
  }
}
