/** Time that never goes back. Real one: `systemClock()`. */
export interface Clock {
  /** Milliseconds since some fixed moment; fractions allowed. */
  monotonicMs(): number;
}

export interface Timers {
  /** Calls back once after the delay. Returns what cancels it. */
  after(delayMs: number, callback: () => void): () => void;
  /** Calls back in a later turn of the event loop, after pending input and output had theirs. */
  nextTurn(callback: () => void): void;
}

export interface Random {
  /** A whole number, 0 to 2^32 − 1. */
  uint32(): number;
  /** At least 0, below 1. */
  float(): number;
}
