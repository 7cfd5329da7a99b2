/** One direction between two hosts, with what is wrong with it at the moment. */
export interface Link {
  readonly from: string;
  readonly to: string;
  /** Partitions that cut it: nothing passes while there is one. */
  readonly cuts: Set<number>;
  /** Added to each delay, milliseconds. */
  slowMs: number;
  /** Largest random delay added to single packets, which overtake each other then, milliseconds. */
  jitterMs: number;
  /** Probability that a packet is lost: sent again by the transport, or gone with its call. */
  loss: number;
  /** Probability that a request arrives twice. */
  duplicates: number;
  /** What waits for the end of a partition. */
  held: (() => void)[];
}

export function createLink(from: string, to: string): Link {
  return { from, to, cuts: new Set(), slowMs: 0, jitterMs: 0, loss: 0, duplicates: 0, held: [] };
}
