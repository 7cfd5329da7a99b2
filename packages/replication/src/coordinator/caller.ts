/** Who waits for one operation: one of the two is called, once. */
export interface Caller<Result> {
  resolve(result: Result): void;
  /** With a KvError. */
  reject(error: unknown): void;
}

/** An operation under way. */
export interface RunningOperation {
  /** Nobody waits any more: it ends, and a write is never stamped again (rule 4). No effect once it has ended. */
  abandon(): void;
}
