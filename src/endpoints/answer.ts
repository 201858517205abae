import type { Answer } from './contract.ts';

/**
 * A whole answer. Bodies are strings: Node sends headers and a string in one piece, a Buffer behind
 * the headers. Nothing here may be kept by anybody on the way.
 */
export function answer(
  status: number,
  type: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return {
    status,
    headers: {
      'Content-Type': type,
      'Content-Length': String(Buffer.byteLength(body)),
      'Cache-Control': 'no-store',
      ...headers,
    },
    body,
  };
}

/** `application/json` with no charset: Go and Kotlin compare the header exactly. */
export function jsonAnswer(
  status: number,
  value: unknown,
  headers?: Readonly<Record<string, string>>,
): Answer {
  return answer(status, 'application/json', JSON.stringify(value), headers);
}

export function textAnswer(
  status: number,
  text: string,
  headers?: Readonly<Record<string, string>>,
): Answer {
  return answer(status, 'text/plain', text, headers);
}

/** An answer as Hono sends it. */
export function respond({ status, headers, body }: Answer): Response {
  return new Response(body, { status, headers });
}
