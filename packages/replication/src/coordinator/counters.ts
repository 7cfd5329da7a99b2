/** Running totals since the coordinator was created, for metrics. */
export interface CoordinatorCounters {
  /** Writes that could not get a clean quorum with their first stamp, and asked for a second (rule 2). */
  readonly conflicts: number;
  /** Second rounds begun with a new stamp (rule 2). */
  readonly restamps: number;
  /** Tickets issued (rule 10). */
  readonly tickets: number;
  /** Stamps, first or second, and tickets that the drift bound or the clock fence refused (rules 5, 17). */
  readonly driftRefusals: number;
  /** Reads that waited for a write-back (rule 8). */
  readonly writeBacks: number;
  /** Read and scan rounds begun again because a clock had passed an expiry (rule 16), or a floor refused a write-back. */
  readonly repeatedReads: number;
  /** Background repairs sent; acknowledged; failed; and not sent because too many bytes were in flight. */
  readonly repairsSent: number;
  readonly repairsDone: number;
  readonly repairsFailed: number;
  readonly repairsDropped: number;
  /** Reads at ONE after which the other replicas were compared. */
  readonly comparisons: number;
  /** Records of equal version and different bytes (rule 17): two processes stamped as one, or bytes rotted. Alarm! */
  readonly versionClashes: number;
}

/** The same, while they are counted. */
export type Counters = { -readonly [Name in keyof CoordinatorCounters]: CoordinatorCounters[Name] };

export function createCounters(): Counters {
  return {
    conflicts: 0,
    restamps: 0,
    tickets: 0,
    driftRefusals: 0,
    writeBacks: 0,
    repeatedReads: 0,
    repairsSent: 0,
    repairsDone: 0,
    repairsFailed: 0,
    repairsDropped: 0,
    comparisons: 0,
    versionClashes: 0,
  };
}
