import { expect, test } from 'vitest';

import { toValetkeyError, ValetkeyError } from '../../src/core/errors.ts';

test('what took too long was not there, and no fault inside', async () => {
  const signal = AbortSignal.timeout(0);
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  const error = toValetkeyError(signal.reason);
  expect(error).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE', cause: signal.reason });
  expect(error.reason).toContain('in time');
});

test('anything else that is not ours is a fault inside, with its origin', () => {
  const origin = new TypeError('odd');
  for (const thrown of [origin, new DOMException('stop', 'AbortError'), 'a text', undefined]) {
    expect(toValetkeyError(thrown)).toMatchObject({ code: 'INTERNAL' });
  }
  expect(toValetkeyError(origin).cause).toBe(origin);
  const ours = new ValetkeyError('BUSY');
  expect(toValetkeyError(ours)).toBe(ours);
});
