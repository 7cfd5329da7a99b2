import type { StorageEngine } from '../index.js';

import { orderOf } from './engine-ports.js';
import type { WriteHistory, WrittenKey } from './write-history.js';

/** What an engine holds after a recovery, measured against the history. */
export interface RecoveredState {
  /** The newest batch of which anything is there: so many must have been begun. */
  readonly reaches: number;
  /** Every key is as of this batch, or newer: so many may have been acknowledged. */
  readonly holds: number;
  /** Likewise, of the keys in unsuspected partitions alone. */
  readonly holdsUnsuspected: number;
  /** A bit for each suspect partition. */
  readonly suspects: number;
  readonly incarnation: number;
  readonly ceiling: number;
  /** The batch that each key is as of, in the order of the history's keys. */
  readonly batchOfKey: readonly number[];
}

export interface StateOptions {
  /** Tombstones are dropped, so an absent key may be a deleted one. */
  readonly retainTombstones: boolean;
}

/**
 * Reads every key. Throws if something was never written, or half of an atomic batch is there, or (nothing being
 * suspect) the whole is no prefix of the history.
 */
export function recoveredState(
  engine: StorageEngine,
  history: WriteHistory,
  { retainTombstones }: StateOptions,
): RecoveredState {
  let suspects = 0;
  for (const partition of engine.suspectPartitions) suspects |= 1 << partition;
  const found = new Map<WrittenKey, number>();
  let reaches = 0;
  for (const key of history.keys.values()) {
    const batch = batchFound(engine, history, key);
    found.set(key, batch);
    reaches = Math.max(reaches, batch);
  }
  let holds = Infinity;
  let holdsUnsuspected = Infinity;
  const batchOfKey: number[] = [];
  for (const key of history.keys.values()) {
    let batch = found.get(key)!;
    if (batch === 0 && !retainTombstones) batch = deletionBefore(history, key, { reaches, suspects });
    batchOfKey.push(batch);
    const next = key.batches.find((each) => each > batch);
    if (next === undefined) continue;
    holds = Math.min(holds, next - 1);
    if ((key.partition & suspects) === 0) holdsUnsuspected = Math.min(holdsUnsuspected, next - 1);
  }
  throwIfTorn(history, found, suspects);
  if (suspects === 0 && holds < reaches) {
    throw new Error(`no prefix: batch ${reaches} is there, but a key is as of before batch ${holds + 1}`);
  }
  const { incarnation, ceiling } = engine;
  return { reaches, holds, holdsUnsuspected, suspects, incarnation, ceiling, batchOfKey };
}

/** @returns 0 if the key is absent */
function batchFound(engine: StorageEngine, history: WriteHistory, key: WrittenKey): number {
  const found = engine.get(key.bytes, key.hash);
  if (found === undefined) return 0;
  const written = history.records[orderOf(found.record.version.timestamp)];
  if (written?.key !== key) throw new Error(`${key.text} has a value that was never written`);
  if (!sameBytes(written.bytes, found.record.bytes)) {
    throw new Error(`${key.text} is not as batch ${written.batch} wrote it`);
  }
  return written.batch;
}

/**
 * The newest batch up to `reaches` that wrote the key, if that was a deletion. In a suspect partition later puts may be
 * lost, and deletions of a torn batch be applied: there it is the newest deletion.
 */
function deletionBefore(
  history: WriteHistory,
  key: WrittenKey,
  { reaches, suspects }: { readonly reaches: number; readonly suspects: number },
): number {
  const isDeletion = (batch: number): boolean =>
    history.batches[batch - 1]!.records.findLast((each) => each.key === key)!.tombstone;
  const last =
    (key.partition & suspects) === 0
      ? key.batches.findLast((batch) => batch <= reaches)
      : key.batches.findLast(isDeletion);
  return last !== undefined && isDeletion(last) ? last : 0;
}

function throwIfTorn(history: WriteHistory, found: ReadonlyMap<WrittenKey, number>, suspects: number): void {
  for (const [key, batch] of found) {
    if (batch === 0 || (key.partition & suspects) !== 0) continue;
    for (const record of history.batches[batch - 1]!.records) {
      if ((record.key.partition & suspects) !== 0 || record.tombstone) continue;
      if (found.get(record.key)! >= batch) continue;
      // A later deletion may have left no trace.
      if (found.get(record.key) === 0 && record.key.batches.some((each) => each > batch)) continue;
      throw new Error(`half of batch ${batch}: ${key.text} is there, ${record.key.text} is not`);
    }
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
