/** The process at the other end of a local connection, as far as the kernel tells. */
export interface Peer {
  readonly uid: number;
  readonly pid?: number | undefined;
  /** Absolute path of the running program. */
  readonly executable?: string | undefined;
}

/** Both ends of a TCP connection, named from our side. */
export interface SocketEnds {
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
}
