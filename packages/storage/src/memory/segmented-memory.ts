import { KvError } from '@kv/errors';
import { type Timestamp, zeroTimestamp } from '@kv/hlc';

import type { LogPosition } from '../engine/engine.js';
import { expiryFlag, tombstoneFlag } from '../record/record-layout.js';
import { readRecords, type RecordView } from '../record/record.js';
import { Digests } from './digests.js';
import { KeyObservers } from './key-observers.js';
import { HashOrderCursor } from './hash-order-cursor.js';
import { LiveTally } from './live-tally.js';
import { ReadableMemory } from './readable-memory.js';
import type { AppendedBatch, LiveCursor, RecordMemory } from './record-memory.js';
import { flagsAt, headerWords, keyHashWord, lengthAt, timestampAt, verifyAt } from './record-words.js';
import { locationOf, type Segment, segmentBytesMax, slotOf, wordOf } from './segment.js';
import type { Offered, Staged } from './staged.js';
import { sealRecord, writeRecord } from './write-record.js';
import { assertLittleEndian } from './xxh32-words.js';

export interface RecordMemoryOptions {
  /** A power of two. */
  readonly partitions: number;
  /** Keep tombstones: a replica must. Otherwise a delete leaves nothing behind but its record for the log. */
  readonly retainTombstones: boolean;
  /** Whether somebody takes what is appended. Default true. */
  readonly logged?: boolean | undefined;
}

/**
 * The log-structured memory.
 *
 * **What it promises.** Of every key the newest record that was ever taken in can be read, as its writer encoded it; what is
 * in memory is at most 1.4 times the live records, however often they are overwritten; nothing takes longer than a few
 * milliseconds, whatever the number of keys.
 *
 * **The simple version** is a `Map` from key to record object. It was the first engine: 350 bytes of JavaScript heap beside
 * each record, garbage collections that walk all of them, pauses of 30 ms and a limit of a few gigabytes by V8's heap.
 *
 * **This one** has three parts. *Segments* hold the records' bytes, end to end, in the order in which they came; nothing is
 * ever changed in place. The *index* has a hash and a location for each key, 8 bytes in typed arrays, and reads the key
 * itself from the record. *Cleaning* goes through segments with little left in them, moves what the index still
 * points at to another segment, and drops the whole: as in "The Design and Implementation of a Log-Structured File System"
 * (Rosenblum and Ousterhout, 1992), and RAMCloud's memory ("Log-structured Memory for DRAM-based Storage", 2014).
 *
 * **Invariants**
 *
 * 1. The index points at exactly one record of each key it knows, the newest taken in, and at nothing else.
 * 2. Below `usedBytes`, a segment is records and marked gaps, without a byte between.
 * 3. `liveBytes` of a segment are those of its records that the index points at.
 * 4. A record that was written is never changed. Memory is reused only of segments that are not held, whose records nobody
 *    outside was given a view of: so views stay right.
 * 5. Only what the log has written is moved or dropped by cleaning, so the log never needs what is gone.
 *
 * **What was tried.** Positions of the log for every record took 8 bytes a key; they follow from where it lies. A free list
 * of record slots fragments, and copies on every read, as it reuses memory. One large hash table pauses when it grows; see
 * `hash-table.ts` for why entries are kept in the order of hashes.
 */
export class SegmentedMemory extends ReadableMemory implements RecordMemory {
  readonly retainTombstones: boolean;
  readonly observers = new KeyObservers();
  readonly #live: LiveTally;
  #appendedRecords = 0;
  #newest: number = zeroTimestamp;
  readonly #offered: Mutable<Offered> = { offer: 'stored', present: 0, twin: false };

  constructor({ partitions, retainTombstones, logged = true }: RecordMemoryOptions) {
    const digests = retainTombstones ? new Digests(partitions) : undefined;
    super(partitions, { logged, digests });
    assertLittleEndian();
    this.retainTombstones = retainTombstones;
    this.#live = new LiveTally(digests);
  }

  get digests(): Digests | undefined {
    return this.#live.digests;
  }

  /** Entries that are no tombstones. */
  get keys(): number {
    return this.#live.keys;
  }

  get tombstones(): number {
    return this.#live.tombstones;
  }

  get entries(): number {
    return this.index.entries;
  }

  get liveBytes(): number {
    return this.#live.bytes;
  }

  /** All of it: records, those that are superseded and not yet cleaned away, index. */
  get bytes(): number {
    // The marks of what is dead are a bit for each 8 bytes.
    const { usedBytes } = this.space;
    return usedBytes + Math.floor(usedBytes / 64) + this.index.bytes + (this.digests?.bytes ?? 0);
  }

  get appended(): LogPosition {
    return this.space.appended;
  }

  /** How many. */
  get appendedRecords(): number {
    return this.#appendedRecords;
  }

  get untakenBytes(): number {
    const { ranges, appended } = this.space;
    return ranges === undefined ? 0 : (appended - ranges.taken) * 8;
  }

  get newestTimestamp(): Timestamp {
    return this.#newest as Timestamp;
  }

  raiseNewest(timestamp: Timestamp): void {
    if (timestamp > this.#newest) this.#newest = timestamp;
  }

  takeAppended(bytesMax: number): AppendedBatch {
    const { ranges } = this.space;
    if (ranges === undefined) return { ranges: [], bytes: 0, records: 0, position: this.appended };
    const batch = ranges.take(bytesMax);
    // Else what is not written yet would be taken for durable.
    if (batch.position > this.appended) throw new KvError('internal', 'more was taken than was appended');
    return batch;
  }

  liveRecords(): LiveCursor {
    return new HashOrderCursor(this);
  }

  // --- writing what a caller of this process gives, encoded where it will lie

  put(key: Uint8Array, value: Uint8Array, timestamp: number, expiresAtMs: number, moreFlags: number): void {
    this.key.load(key);
    this.putLoaded(value, timestamp, expiresAtMs, moreFlags);
  }

  /**
   * Appends a record of the key loaded last, newer than any before.
   *
   * @param expiresAtMs Unix milliseconds; 0 = never
   * @param moreFlags of the record, beside expiry
   */
  putLoaded(value: Uint8Array, timestamp: number, expiresAtMs: number, moreFlags: number): void {
    const keyWords = this.key;
    // What the search at the end will wait for comes while the record is written.
    this.ahead.slot(keyWords.hash);
    const flags = expiresAtMs === 0 ? moreFlags : moreFlags | expiryFlag;
    // As `recordBytes`, in whole numbers: a record that is written here is far below 2^31.
    const length = ((headerWords(flags) << 2) + keyWords.bytes + value.length + 7) & ~7;
    const segment = this.space.roomFor(length);
    const offset = segment.usedBytes;
    writeRecord(segment, keyWords, value, length, flags, timestamp, expiresAtMs);
    this.ahead.record(keyWords.hash);
    sealRecord(segment.words, offset >>> 2, length);
    if (expiresAtMs !== 0 && expiresAtMs < segment.earliestExpiryMs) segment.earliestExpiryMs = expiresAtMs;
    this.space.append(segment, length);
    this.#appendedRecords += 1;
    this.#newest = timestamp;
    this.#publish(segment, offset, this.search(keyWords.hash, keyWords.words, 0, keyWords.bytes));
  }

  // --- taking in records as they came

  /**
   * Copies records to where they would lie, and verifies them there. They are not taken in: `offer` decides about each, in
   * order, and whatever is staged next is written over what was not kept.
   *
   * @throws KvError `corrupt` if they are not intact records laid end to end
   */
  stage(bytes: Uint8Array): Staged {
    const segment = this.space.roomFor(bytes.length);
    const start = segment.usedBytes;
    const end = start + bytes.length;
    let records = 0;
    segment.bytes.set(bytes, start);
    for (let offset = start; offset < end;) {
      const length = verifyAt(segment.words, offset >>> 2, end);
      if (length === 0) {
        // Says in detail what is wrong.
        readRecords(bytes);
        throw new KvError('internal', 'two verifications of the same records disagree');
      }
      offset += length;
      records += 1;
    }
    return { segment, start, end, records };
  }

  /** Like `stage`, of one record that was verified before. */
  stageVerified(record: RecordView): Staged {
    const { bytes } = record;
    const segment = this.space.roomFor(bytes.length);
    const start = segment.usedBytes;
    segment.bytes.set(bytes, start);
    return { segment, start, end: start + bytes.length, records: 1 };
  }

  /** Takes the staged record at `offset` in, if it is newer than the one here. */
  offer(segment: Segment, offset: number): Offered {
    const { words } = segment;
    const record = offset >>> 2;
    const present = this.findSame(words, record);
    const byVersion = present === 0 ? 1 : this.compareVersions(words, record, present);
    const order = byVersion === 0 ? this.compareBytes(words, record, present) : byVersion;
    const offered = this.#offered;
    offered.present = present;
    offered.twin = byVersion === 0 && order !== 0;
    offered.offer = order > 0 ? 'stored' : order === 0 ? 'already' : 'newer';
    if (order <= 0) return offered;
    const length = lengthAt(words, record);
    const to = segment.usedBytes;
    // What was refused before it leaves no hole.
    if (to !== offset) segment.bytes.copyWithin(to, offset, offset + length);
    const timestamp = timestampAt(words, to >>> 2);
    if (timestamp > this.#newest) this.#newest = timestamp;
    segment.noteExpiry(to);
    this.space.append(segment, length);
    this.#appendedRecords += 1;
    this.#publish(segment, to, present);
    return offered;
  }

  // --- recovery

  expect(entries: number): void {
    this.index.expect(entries);
  }

  reserve(bytes: number): Segment {
    return this.space.reserve(bytes);
  }

  fetchAhead(segment: Segment, offset: number, end: number): number {
    return this.ahead.forRecords(segment.words, offset, end);
  }

  adopt(segment: Segment, offset: number): void {
    const { words } = segment;
    const record = offset >>> 2;
    if (segment.state !== 'recovering' || offset < segment.usedBytes || offset >= segmentBytesMax) {
      throw new KvError('internal', 'records are adopted in order, from a segment that was reserved');
    }
    const length = lengthAt(words, record);
    if (offset > segment.usedBytes) segment.skip(segment.usedBytes, offset - segment.usedBytes);
    segment.usedBytes = offset + length;
    const timestamp = timestampAt(words, record);
    if (timestamp > this.#newest) this.#newest = timestamp;
    const present = this.findSame(words, record);
    if (present !== 0 && this.compare(words, record, present) <= 0) {
      segment.markDead(offset);
      return;
    }
    segment.noteExpiry(offset);
    this.#publish(segment, offset, present);
  }

  seal(segment: Segment): void {
    this.space.sealRecovered(segment, segment.usedBytes);
  }

  // --- removing and moving

  /** Forgets a key without a trace. Only where this is the only copy. */
  forget(location: number): void {
    const words = this.wordsAt(location);
    const record = wordOf(location);
    const slot = this.entryOf(words[record + keyHashWord]!, location);
    if (slot === undefined) return;
    this.#live.remove(this.segments[slotOf(location)]!, wordOf(location) << 2);
    this.index.remove(slot.table, slot.slot);
    this.observers.tell(location, 0);
  }

  /** Lets the index point at a record, in place of `present`, which the last search found, or nothing. */
  #publish(segment: Segment, offset: number, present: number): void {
    const { words } = segment;
    const record = offset >>> 2;
    const tombstone = (flagsAt(words, record) & tombstoneFlag) !== 0;
    if (present !== 0) this.#live.remove(this.segments[slotOf(present)]!, wordOf(present) << 2);
    if (tombstone && !this.retainTombstones) {
      segment.markDead(offset);
      if (present === 0) return;
      this.index.remove(this.foundTable!, this.foundSlot);
      this.observers.tell(present, 0);
      return;
    }
    const location = locationOf(segment, offset);
    this.#live.add(segment, offset);
    if (present === 0) this.index.insert(words[record + keyHashWord]!, location);
    else this.foundTable!.words[2 * this.foundSlot + 1] = location;
    this.observers.tell(present, location);
  }
}

type Mutable<Fields> = { -readonly [Name in keyof Fields]: Fields[Name] };
