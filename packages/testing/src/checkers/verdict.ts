export const checkerNames = [
  'durable',
  'visible',
  'monotonic',
  'later-wins',
  'honest-outcome',
  'convergent',
  'no-phantom',
  'once',
  'previous',
  'linearizable',
  'scans',
  'expiry',
] as const;

export type CheckerName = (typeof checkerNames)[number];

export interface Violation {
  readonly checker: CheckerName;
  /** What was promised and what was seen, with versions and times. */
  readonly message: string;
  /** Undefined where it is about a partition. */
  readonly key: string | undefined;
  /** Ids of the operations that contradict each other; empty where it is about replicas. */
  readonly operations: readonly number[];
}

export interface CheckerFigures {
  /** Facts that were held against the statement: 0 means that the checker proved nothing. */
  readonly judged: number;
  readonly violations: number;
}

/** How far the keys of a history are from linearizable registers. */
export interface RegisterFigures {
  readonly keys: number;
  /** Writes that took effect, each with the reads that saw it. */
  readonly clusters: number;
  readonly violatingKeys: number;
  readonly violatingClusters: number;
  /** Reads that found nothing and do not tell why: judged by what is certain only. */
  readonly untoldReads: number;
}

export interface Verdict {
  /** Of each checker the first `violationsMax`; `figures` counts all. */
  readonly violations: readonly Violation[];
  readonly figures: Readonly<Record<CheckerName, CheckerFigures>>;
  /** Keys written at LINEARIZABLE only: each violation here is one of the verdict. */
  readonly linearizable: RegisterFigures;
  /** The other keys without writes at ONE: reported only, because QUORUM does not promise it. */
  readonly quorum: RegisterFigures;
  /** Values of QUORUM and ALL that were seen, overwritten and seen again while their put ran: allowed, reported. */
  readonly returnsWhileRunning: number;
}
