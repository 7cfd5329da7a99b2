export interface Timers {
  /** Calls back once after the delay. Returns what cancels it. */
  after(delayMs: number, callback: () => void): () => void;
}
