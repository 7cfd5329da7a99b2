import type { Segment } from './segment.js';

/** Where records lie that are not taken in yet. */
export interface Staged {
  readonly segment: Segment;
  readonly start: number;
  readonly end: number;
  readonly records: number;
}

/** What became of the record that was offered last. One object serves all: it is not to be kept. */
export interface Offered {
  readonly offer: 'stored' | 'already' | 'newer';
  /** Location of the record of this key that was here, 0 if there was none. */
  readonly present: number;
  /** That one had the same version and other bytes: must never be. */
  readonly twin: boolean;
}
