import type { Readable, Writable } from 'node:stream';

import type { ControlApi, WorkloadAccess } from '../control/api.ts';
import type { Inputs } from '../control/schema.ts';
import type { StatusView } from '../core/view.ts';

interface CliInput extends Readable {
  readonly isTTY?: boolean;
}

export interface CliOutput extends Writable {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** A daemon of this process. */
export interface RunningDaemon {
  status(): Promise<StatusView>;
  /** Settles when the daemon has ended; rejects with the reason when it failed. */
  readonly closed: Promise<void>;
  stop(): Promise<void>;
}

/** Variables that lead a client to an endpoint, and those that would win over it. */
export interface ClientVariables {
  readonly set: Readonly<Record<string, string>>;
  readonly clear: readonly string[];
}

/** A private endpoint of this process, for the child of `exec`. */
export interface PrivateEndpoint {
  readonly variables: ClientVariables;
  /** What the person should know, such as a cloud that does not answer yet. */
  readonly warnings: readonly string[];
  stop(): Promise<void>;
}

export type VariablesMode = 'ecs' | 'imds' | 'gce' | 'azure';

/** What an endpoint tells of itself, for a look at this machine. */
export interface EndpointFacts {
  readonly kind: string;
  /** Its own address in the cloud, and the `Host` values that are right for it. */
  readonly address: string | undefined;
  readonly hosts: readonly string[];
  /** Names of the variables that lead to it, and of those that would win over it. */
  readonly sets: readonly string[];
  readonly clears: readonly string[];
}

/** What the command line needs of the daemon's own code, loaded when a command asks for it. */
export interface DaemonFunctions {
  serve(options: { config?: string | undefined; ephemeral: boolean }): Promise<RunningDaemon>;
  /** Answers once the grants are known to work or the cloud to be away. Throws what denied them. */
  openEndpoint(target: Inputs['openWorkload']): Promise<PrivateEndpoint>;
  /**
   * The variables that lead to the running daemon: without a mode, for every cloud that the workload
   * has credentials of. Throws for a mode that it is not served.
   */
  clientVariables(
    access: WorkloadAccess,
    mode: VariablesMode | undefined,
  ): Promise<{ readonly variables: ClientVariables; readonly warnings: readonly string[] }>;
  endpoints(): Promise<readonly EndpointFacts[]>;
  /** Resolves with the exit code; not zero when any client failed. */
  runDemo(write: (text: string) => void): Promise<number>;
}

/** Everything a command may touch besides its own arguments. */
export interface CliContext {
  /** The running daemon's API, or one opened in this process. One per command, however often asked. */
  api(): Promise<ControlApi>;
  readonly daemon: DaemonFunctions;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: CliInput;
  readonly stdout: CliOutput;
  readonly stderr: CliOutput;
  readonly cwd: string;
  readonly version: string;
  now(): number;
}
