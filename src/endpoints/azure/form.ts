import { failure, type Failure, invalid } from './failure.ts';

/** Bytes. The guard has refused what announces more; chunks announce nothing. */
const MAX_FORM = 65_536;

const FORM_TYPE = /^application\/x-www-form-urlencoded\s*(?:;|$)/i;

const TOO_LARGE = failure(413, 'invalid_request', 'the form is too large');
const NO_FORM = invalid('the body is a form: Content-Type: application/x-www-form-urlencoded');

/** The body of a request as a query. */
export async function readForm({ headers, body }: Request): Promise<string | Failure> {
  if (!FORM_TYPE.test(headers.get('content-type') ?? '')) return NO_FORM;
  if (body === null) return '';
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.byteLength;
    if (size > MAX_FORM) return TOO_LARGE;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8').trim();
}
