/** What one job counted, by name; the sums over all jobs are printed. */
export type Tally = Readonly<Record<string, number>>;

export interface Job {
  readonly seed: number;
  /** Which of the loop's jobs. */
  readonly index: number;
}

/** One kind of evidence: many independent jobs, each a function of its seed and number, so that any can be run again. */
export interface Loop {
  readonly name: string;
  /** What is shown, as a sentence that follows "lost nothing over". */
  readonly title: string;
  /** The count that the loop is measured by, and below which a whole run fails. */
  readonly counts: string;
  readonly minimum: number;
  /** How many jobs there are; Infinity: as many as the wanted count takes. */
  readonly jobs: number;
  /** No job is begun after this; a bound for slow machines, not a goal. */
  readonly secondsMax: number;
  /** Throws what is wrong. `undefined` with a reason: could not be tried on this machine. */
  run(job: Job): Promise<Tally | { readonly skipped: string }>;
}

/** What a worker process is asked, and what it answers. */
export interface WorkerRequest {
  readonly loop: string;
  readonly job: Job;
}

export type WorkerReply =
  | { readonly kind: 'done'; readonly tally: Tally }
  | { readonly kind: 'skipped'; readonly reason: string }
  | { readonly kind: 'failed'; readonly message: string };
