/** What a helper is given: nothing of the command line's own, so that it starts fast. */
export interface HelperInput {
  /** Arguments behind the helper's own name. */
  readonly argv: readonly string[];
  /** The running daemon's control socket. */
  readonly socketPath: string;
  readonly write: (text: string) => void;
  /** One line for the person, without a line break. */
  readonly complain: (line: string) => void;
  readonly uid: number | undefined;
  readonly pid: number;
  readonly now: () => number;
}

/**
 * One stdin/stdout protocol by which a tool asks for a credential. Duties of an implementer: print
 * the protocol's document and nothing else on stdout, all or nothing; on failure one line through
 * `complain`, an empty stdout and an exit code that is not zero; load nothing that is not needed,
 * because some tools start it for every request.
 */
export interface CredentialHelper {
  readonly kind: string;
  readonly title: string;
  /** The vendor's own page for this protocol. */
  readonly spec: string;
  /** The command that runs it. */
  readonly command: string;
  run(input: HelperInput): Promise<number>;
}

export function defineHelper(helper: CredentialHelper): CredentialHelper {
  return helper;
}
