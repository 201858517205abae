/* Run with a listening socket as file descriptor 3, as systemd would: serves on it, tells how that went. */
import { openListener } from '../../src/server/listener.ts';
import { fakeClock } from '../support/fake-clock.ts';

try {
  const { address, port } = await openListener({
    target: { kind: 'fd', fd: 3 },
    name: 'fd:3',
    clock: fakeClock(),
    lookupPeer: () => Promise.resolve(undefined),
    serve: () => ({
      handle: (_incoming, outgoing) => void outgoing.end('inherited'),
      refused: () => undefined,
    }),
  });
  console.log(JSON.stringify({ address, port }));
} catch (error) {
  console.log(JSON.stringify(error));
}
