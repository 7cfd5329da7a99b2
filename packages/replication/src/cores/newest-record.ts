import { compareVersions, type Timestamp, zeroTimestamp } from '@kv/hlc';
import { compareRecords, type RecordHead } from '@kv/storage';

import type { Decisions } from '../decisions.js';

/** What one replica showed for a key: the record, or what identifies it. */
export interface Sighting<Record extends RecordHead> {
  /** Undefined = absent. */
  readonly record: Record | undefined;
  /** Of the key's partition at that replica. */
  readonly purgeFloor: Timestamp;
}

/**
 * The newest version among what replicas showed; tombstones and expired records take part like any other.
 *
 * Rule 9: where a replica shows "absent, with purge floor F", a version older than F is dead: its tombstone was purged
 * there, and another replica has not yet. (Else: the delete is forgotten, the value comes back.)
 */
export function newestRecord<Record extends RecordHead>(
  sightings: Iterable<Sighting<Record>>,
  decisions: Pick<Decisions, 'isDead'>,
): Record | undefined {
  const search = new NewestSearch<Record>();
  for (const { record, purgeFloor } of sightings) {
    if (record === undefined) search.absent(purgeFloor);
    else search.found(record);
  }
  return search.newest(decisions);
}

/** The same, one sighting at a time: a read looks after every reply. */
export class NewestSearch<Record extends RecordHead> {
  #newest: Record | undefined;
  #floor: Timestamp = zeroTimestamp;

  found(record: Record): void {
    if (this.#newest === undefined || compareHeld(record, this.#newest) > 0) this.#newest = record;
  }

  absent(purgeFloor: Timestamp): void {
    if (purgeFloor > this.#floor) this.#floor = purgeFloor;
  }

  newest({ isDead }: Pick<Decisions, 'isDead'>): Record | undefined {
    const newest = this.#newest;
    if (newest === undefined || this.#floor === zeroTimestamp) return newest;
    // Dead versions are older than live ones, so only the newest needs to be looked at.
    return isDead(newest.version, this.#floor) ? undefined : newest;
  }
}

/**
 * `compareRecords`, but without walking over equal values: replicas mostly agree, and a value may have a megabyte. The
 * first 32 bytes hold version, lengths and the checksum of all the rest, verified before: equal there is equal, and where
 * they differ they decide, so that a head is enough of a record.
 */
export function compareHeld(a: RecordHead, b: RecordHead): number {
  return a === b || sameHeader(a.bytes, b.bytes) ? 0 : compareRecords(a, b);
}

function sameHeader(a: Uint8Array, b: Uint8Array): boolean {
  for (let index = 0; index < headerBytes; index += 1) if (a[index] !== b[index]) return false;
  return true;
}

const headerBytes = 32;

/** Rule 17: one version, two contents. Must never happen; the larger bytes win, and somebody should be told. */
export function versionsClash(a: RecordHead, b: RecordHead): boolean {
  return compareHeld(a, b) !== 0 && compareVersions(a.version, b.version) === 0;
}
