import { expect, test, vi } from 'vitest';

import { createBroker } from '../../src/broker/broker.ts';
import type { IssueRequest } from '../../src/core/credential.ts';
import { withSubject } from '../../src/core/errors.ts';
import { createEvents } from '../../src/core/events.ts';
import { ConnectorName } from '../../src/core/ids.ts';
import { fakeClock } from '../support/fake-clock.ts';

test('an upstream call that is given up for its length is told as the cloud’s, not as a fault inside', async () => {
  // What `AbortSignal.timeout` is after its time, which is not the injected one.
  const late = AbortSignal.abort(new DOMException('The operation timed out', 'TimeoutError'));
  const spy = vi.spyOn(AbortSignal, 'timeout').mockReturnValue(late);
  const broker = createBroker({
    clock: fakeClock(),
    events: createEvents(),
    issue: async (_request, signal) => {
      try {
        signal.throwIfAborted();
      } catch (error) {
        throw withSubject(error, 'a'); // as the way to every cloud does
      }
      throw new Error('it was not given up');
    },
  });
  const request: IssueRequest = {
    connector: ConnectorName.parse('a'),
    resources: [{ type: 'gcp-generic', access: 'full' }],
  };
  await expect(broker.get(request, 2_000)).rejects.toMatchObject({
    code: 'UPSTREAM_UNAVAILABLE',
    subject: 'a',
  });
  broker.stop();
  spy.mockRestore();
});
