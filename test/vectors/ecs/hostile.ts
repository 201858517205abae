import type { Vector } from '../vector.ts';
import { SIGNED, GOOD, refused } from './expected.ts';

export const hostile: readonly Vector[] = [
  // Hostile
  {
    row: 94,
    name: 'a foreign Host (DNS rebinding)',
    request: 'GET /v1/credentials',
    headers: { ...SIGNED, Host: 'evil.example' },
    expect: { ...refused(403), told: /foreign Host "evil.example"/ },
    over: 'socket',
  },
  {
    row: 94,
    name: 'a name that only begins like ours',
    request: 'GET /v1/credentials',
    headers: { ...SIGNED, Host: '127.0.0.1.evil.example' },
    expect: refused(403),
    over: 'socket',
  },
  ...['Origin', 'Referer', 'Sec-Fetch-Site', 'sec-fetch-mode', 'SEC-FETCH-DEST'].map(
    (name): Vector => ({
      row: 97,
      name: `a page asks: ${name}`,
      request: 'GET /v1/credentials',
      headers: { ...SIGNED, [name]: 'http://127.0.0.1' },
      expect: { ...refused(403), told: /browser header/ },
      over: 'socket',
    }),
  ),
  ...['X-Forwarded-For', 'X-Forwarded-Host', 'Forwarded', 'Via', 'X-Real-IP'].map(
    (name): Vector => ({
      row: 106,
      name: `a proxy asks: ${name}`,
      request: 'GET /v1/credentials',
      headers: { ...SIGNED, [name]: '' },
      expect: { ...refused(403), told: /forwarding header/ },
      over: 'socket',
    }),
  ),
  {
    row: 98,
    name: 'Upgrade is not heard (Java sends h2c with every request)',
    request: 'GET /v1/credentials',
    headers: {
      ...SIGNED,
      Connection: 'Upgrade, HTTP2-Settings',
      Upgrade: 'h2c',
      'HTTP2-Settings': 'AAA',
    },
    expect: GOOD,
    over: 'socket',
  },
  {
    row: 99,
    name: 'TRACE',
    request: 'TRACE /v1/credentials',
    headers: SIGNED,
    expect: { status: 405 },
    over: 'socket',
  },
  {
    row: 51,
    name: 'a body of 1 MB is refused before it is read',
    request: 'PUT /v1/credentials',
    headers: { ...SIGNED, 'Content-Length': '1000000' },
    expect: { ...refused(413), headers: { connection: 'close' } },
    over: 'socket',
  },
];
