/** Snapshots of a running engine: one at a time, each replacing the one before together with the log below it. */
export interface Snapshots {
  readonly running: boolean;
  /** Nothing was appended since the last one. */
  readonly covered: boolean;
  /** Size of the current one; 0 without one. */
  readonly bytes: number;
  /** Of all snapshots of this run. */
  readonly bytesWritten: number;
  /** Unix milliseconds; 0 if this run took none. */
  readonly lastAtMs: number;
  /** A call while one is being taken joins it. @param inBackground nobody waits for it, so that all others go first */
  take(options?: { readonly inBackground?: boolean }): Promise<void>;
  /** Gives up one that is being taken, unless it is nearly done; resolves once none is. None can be taken after. */
  stop(): Promise<void>;
}

export function createNoSnapshots(): Snapshots {
  return {
    running: false,
    covered: true,
    bytes: 0,
    bytesWritten: 0,
    lastAtMs: 0,
    take: () => Promise.resolve(),
    stop: () => Promise.resolve(),
  };
}
