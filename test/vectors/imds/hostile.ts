import type { Vector } from '../vector.ts';
import { ROLES, TTL, TOKEN, PLAIN, text } from './expected.ts';

export const hostile: readonly Vector[] = [
  // Hostile
  {
    row: 94,
    name: 'a foreign Host (DNS rebinding)',
    request: `GET ${ROLES}/`,
    headers: { ...TOKEN, Host: 'evil.example' },
    expect: { status: 403, headers: PLAIN },
    over: 'socket',
  },
  {
    row: 94,
    name: 'the service’s own address as Host',
    request: `GET ${ROLES}/`,
    headers: { ...TOKEN, Host: '169.254.169.254' },
    expect: text('app-role'),
    over: 'socket',
  },
  {
    row: 94,
    name: 'the same in IPv6, with its port',
    request: `GET ${ROLES}/`,
    headers: { ...TOKEN, Host: '[fd00:ec2::254]:80' },
    expect: text('app-role'),
    over: 'socket',
  },
  ...['Via', 'Forwarded', 'X-Real-IP', 'X-Forwarded-Proto'].map((name): Vector => ({
    row: 106,
    name: `a proxy asks: ${name}`,
    request: `GET ${ROLES}/`,
    headers: { ...TOKEN, [name]: 'x' },
    expect: { status: 403, headers: PLAIN },
    over: 'socket',
  })),
  {
    row: 97,
    name: 'a page asks',
    request: 'PUT /latest/api/token',
    headers: { [TTL]: '60', Origin: 'https://evil.example' },
    expect: { status: 403, body: 'forbidden' },
    over: 'socket',
  },
];
