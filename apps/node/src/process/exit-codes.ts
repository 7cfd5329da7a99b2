/** How `kv-node` ends; scripts and supervisors branch on these. */
export const exitCodes = {
  /** Stopped as asked: SIGTERM, SIGINT, or its parent ended. Also `--help` and `--version`. */
  stopped: 0,
  /** Could not start for a reason that is none of those below, or not stop in time. */
  failed: 1,
  /** A flag or an environment variable is wrong. */
  usage: 2,
  /** Another process listens on the port, or the address is not one of this machine. */
  addressInUse: 3,
  /** The data directory belongs to another node or cluster, is in use, damaged or not writable. */
  dataDirectory: 4,
  /** A defect: something was thrown that nobody caught. */
  internal: 70,
  /** The disk failed: what was written can no longer be made durable. */
  diskFailed: 74,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
