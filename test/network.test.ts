import { connect } from 'node:net';

import { expect, test } from 'vitest';

test('a test that reaches for another machine fails', () => {
  // 192.0.2.0/24 is nobody’s: RFC 5737.
  expect(() => connect({ host: '192.0.2.1', port: 80 })).toThrow('tried to reach 192.0.2.1');
  expect(() => connect(80, '192.0.2.1')).toThrow('tried to reach 192.0.2.1');
});
