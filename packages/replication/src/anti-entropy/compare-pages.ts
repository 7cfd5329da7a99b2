/**
 * What two copies of a partition have to tell each other, page by page, as a pure function.
 *
 * Both sides show their records in key order up to a last key. Up to the smaller of these two, the horizon, each has told
 * all it holds: per key the newer record goes to whoever lacks it. Behind the horizon one is silent: the next pages begin
 * there. Tombstones and expired records are records like any other (rule 16).
 */
import type { RecordView } from '@kv/storage';

import { compareHeld } from '../cores/newest-record.js';

const compareBytes = (a: Uint8Array, b: Uint8Array): number => Buffer.compare(a, b);

/** In key order, one a key. */
export interface CopyPage {
  readonly records: readonly RecordView[];
  /** More follow behind the last one. */
  readonly more: boolean;
}

export interface PageDifference {
  /** Newer there than here, or absent here. */
  readonly keep: readonly RecordView[];
  /** Newer here than there, or absent there. */
  readonly send: readonly RecordView[];
  /** The next pages begin behind this key; undefined = that was all. */
  readonly next: Uint8Array | undefined;
}

export function comparePages(theirs: CopyPage, ours: CopyPage): PageDifference {
  const keep: RecordView[] = [];
  const send: RecordView[] = [];
  const horizon = smaller(lastKey(theirs), lastKey(ours));
  let there = 0;
  let here = 0;
  for (;;) {
    const a = within(theirs.records[there], horizon);
    const b = within(ours.records[here], horizon);
    if (a === undefined && b === undefined) return { keep, send, next: horizon };
    const order = a === undefined ? 1 : b === undefined ? -1 : compareBytes(a.key, b.key);
    if (order <= 0) there += 1;
    if (order >= 0) here += 1;
    const newer = order !== 0 ? -order : compareHeld(a!, b!);
    if (newer > 0) keep.push(a!);
    else if (newer < 0) send.push(b!);
  }
}

/** The last key that the page speaks for; undefined = it speaks for all behind it too. */
function lastKey({ records, more }: CopyPage): Uint8Array | undefined {
  return more ? records.at(-1)?.key : undefined;
}

function smaller(a: Uint8Array | undefined, b: Uint8Array | undefined): Uint8Array | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return compareBytes(a, b) <= 0 ? a : b;
}

function within(record: RecordView | undefined, horizon: Uint8Array | undefined): RecordView | undefined {
  if (record === undefined || horizon === undefined) return record;
  return compareBytes(record.key, horizon) <= 0 ? record : undefined;
}
