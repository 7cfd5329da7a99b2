import { type Timestamp } from '@kv/hlc';

/** Issues the stamps of this process's writes. A stamp that it returned is safe to leave the process. */
export interface StampIssuer {
  issue(bounds?: StampBounds): Promise<StampResult>;
}

export interface StampBounds {
  /** The stamp is above it: what the client asked for (rule 11), or the largest version met (rule 2). */
  readonly above?: Timestamp | undefined;
  /** The stamp is not above it (rule 11). */
  readonly notAfter?: Timestamp | undefined;
}

export type StampResult =
  | { readonly kind: 'stamped'; readonly timestamp: Timestamp }
  | { readonly kind: 'refused'; readonly reason: StampRefusal };

/**
 * - `drift`: `above` is further ahead of the wall clock than the drift bound (rule 5)
 * - `fenced`: the wall clock jumped, or disagrees with a majority of peers (rule 17)
 * - `ceiling`: the next stamp would be above `notAfter` (rule 11)
 * - `not-ready`: after a restart the clock has not reached what may have been issued before it (rule 17)
 * - `storage`: the durable ceiling could not be raised
 */
export type StampRefusal = 'drift' | 'fenced' | 'ceiling' | 'not-ready' | 'storage';
