import { connect } from 'node:net';

/** One HTTP answer as it came over the wire. */
export interface Answer {
  readonly status: number;
  /** Name and value in turn, as sent. */
  readonly headers: readonly string[];
  readonly body: string;
  /** All of it, one character a byte. */
  readonly raw: string;
}

export interface Target {
  readonly path: string;
  readonly method?: 'GET' | 'PUT';
  readonly headers?: Readonly<Record<string, string>>;
  /** What it is answered with; 200 when absent. */
  readonly status?: number;
}

/** The bytes of a request as a small client sends them. */
export function requestText(port: number, { path, method = 'GET', headers = {} }: Target): string {
  const lines = Object.entries({
    Host: `127.0.0.1:${port}`,
    'User-Agent': 'valetkey-bench',
    Accept: '*/*',
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`;
}

/** One exchange on a connection of its own. Rejects with the socket's own error. */
export function exchange(port: number, request: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' });
    let raw = '';
    socket.setEncoding('latin1');
    socket.once('error', reject);
    socket.once('connect', () => socket.write(request));
    socket.on('data', (part: string) => {
      raw += part;
      const answer = parse(raw);
      if (answer === undefined) return;
      socket.destroy();
      resolve(answer);
    });
    socket.once('end', () => reject(new Error(`the answer ended early: ${raw}`)));
  });
}

/** A whole answer with `Content-Length`, or `undefined` while it is not all there. */
function parse(raw: string): Answer | undefined {
  const end = raw.indexOf('\r\n\r\n');
  if (end === -1) return undefined;
  const [first = '', ...lines] = raw.slice(0, end).split('\r\n');
  const headers = lines.flatMap((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  const at = headers.findIndex((name, i) => i % 2 === 0 && name.toLowerCase() === 'content-length');
  const length = Number(headers[at + 1]);
  const body = raw.slice(end + 4);
  if (at === -1 || body.length < length) return undefined;
  const text = Buffer.from(body, 'latin1').toString('utf8');
  return { status: Number(first.split(' ')[1]), headers, body: text, raw };
}
