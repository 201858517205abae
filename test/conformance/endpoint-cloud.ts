import type { Endpoint } from '../../src/endpoints/contract.ts';
import type { World } from '../support/endpoint-world.ts';
import type { RawReply } from '../support/raw-http.ts';

/** How the protocols of one cloud say what the suite wants to know. */
export interface CloudUnderTest {
  /** Fields of the answer with the world's credential. */
  readonly good: object;
  /** Renews that credential; fields of the answer from then on. */
  readonly renew: (world: World) => object;
  /** This is an error in the protocol's shape, and no credential. */
  readonly expectError: (reply: RawReply) => void;
  /** Status of HEAD, where the protocol knows GET alone. */
  readonly head?: 405;
  /** A `describe` of the variables. */
  readonly variables: (endpoint: Endpoint) => void;
}
