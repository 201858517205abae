import type { RenewalPolicy } from '../../src/broker/renewal.ts';
import { startDaemon } from '../../src/daemon.ts';

/* `valetkey serve` with a renewal policy that no person can set: the first word, as JSON. */

const renewal = JSON.parse(process.argv[2] ?? '') as RenewalPolicy;
await startDaemon({ env: process.env, version: '0', log: process.stderr, renewal });
console.log('serving');
