import type { Vector } from '../vector.ts';
import { ROLES, TOKEN, PLAIN, DOCUMENT, text, UNAUTHORIZED, v1 } from './expected.ts';

export const who: readonly Vector[] = [
  // Data: who asks
  {
    row: 62,
    name: 'no token, and no version 1',
    request: `GET ${ROLES}/`,
    expect: { ...UNAUTHORIZED, told: /IMDSv1 is off/ },
  },
  {
    row: 63,
    name: 'a token nobody minted',
    request: `GET ${ROLES}/app-role`,
    headers: { 'X-aws-ec2-metadata-token': 'A'.repeat(55) },
    expect: { ...UNAUTHORIZED, told: /unknown or expired/ },
  },
  {
    row: 66,
    name: 'a token with another behind it',
    request: `GET ${ROLES}/app-role`,
    headers: { 'X-aws-ec2-metadata-token': '{token} {token}' },
    expect: UNAUTHORIZED,
  },
  {
    row: 66,
    name: 'the token twice',
    request: `GET ${ROLES}/app-role`,
    headers: { 'X-aws-ec2-metadata-token': ['{token}', '{token}'] },
    expect: UNAUTHORIZED,
  },
  {
    row: 66,
    name: 'a token with white space around it',
    request: `GET ${ROLES}/`,
    headers: { 'X-aws-ec2-metadata-token': ' {token} ' },
    expect: text('app-role'),
    over: 'socket',
    corrected:
      'the row wants 401; white space around a value is no part of it (RFC 9110 section 5.5) and is gone before anybody sees the value, so this is the right token',
  },
  {
    row: 67,
    name: 'a good token, forwarded',
    request: `GET ${ROLES}/`,
    headers: { ...TOKEN, 'X-Forwarded-For': '192.0.2.1' },
    expect: { status: 403, headers: PLAIN },
    over: 'socket',
  },
  {
    row: 68,
    name: 'version 1 where it is allowed',
    given: v1,
    request: `GET ${ROLES}/app-role`,
    expect: { status: 200, json: DOCUMENT },
  },
  {
    row: 69,
    name: 'version 1, but a bad token is shown',
    given: v1,
    request: `GET ${ROLES}/`,
    headers: { 'X-aws-ec2-metadata-token': 'bad' },
    expect: UNAUTHORIZED,
  },
  {
    row: 70,
    name: 'version 1, but an empty token is shown',
    given: v1,
    request: `GET ${ROLES}/`,
    headers: { 'X-aws-ec2-metadata-token': '' },
    expect: UNAUTHORIZED,
  },
];
