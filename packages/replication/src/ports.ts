/** What a coordinator needs from its surroundings. Structural: fakes fit without knowing this package. */

/** Who owns what: from the cluster's view. */
export interface Placement {
  /** This member's number. */
  readonly self: number;
  /** Member numbers in order of preference; fewer than N while the cluster has fewer members. */
  owners(partition: number): readonly number[];
}

export interface Clock {
  /** Never goes back. */
  monotonicMs(): number;
}

export interface Timers {
  /** Returns the cancellation. */
  after(delayMs: number, callback: () => void): () => void;
}

export interface Random {
  /** 0 <= x < 1. */
  float(): number;
}
