import { KvError } from '@kv/errors';

import type { LogPosition } from '../engine/engine.js';
import { AppendedRanges } from './appended-ranges.js';
import { allocateMemory, Segment, segmentBytesMax, segmentSlots, type SegmentState } from './segment.js';
import { SpareMemory } from './spare-memory.js';

/**
 * All segments: where records are appended, where cleaning moves them, and what was sealed. Small at first, so that a
 * small store is small, then in proportion to what there is, so that the unused ends are.
 */
export class SegmentSpace {
  /** By slot. */
  readonly segments: (Segment | undefined)[] = [undefined];
  readonly #freeSlots: number[] = [];
  readonly ranges: AppendedRanges | undefined;
  #appending: Segment | undefined;
  /** For an input that is long, made for it alone: it is full with it. */
  #long: Segment | undefined;
  #receiving: Segment | undefined;
  /** Words appended by this run. */
  #appended = 0;
  #usedBytes = 0;
  readonly #spare = new SpareMemory();
  #reservedBytes = 0;
  #sealed = 0;

  /** @param options.logged whether somebody takes what was appended */
  constructor({ logged }: { readonly logged: boolean }) {
    this.ranges = logged ? new AppendedRanges() : undefined;
  }

  get appended(): LogPosition {
    return this.#appended as LogPosition;
  }

  /** Of all segments: live records, dead ones, and what lies between. */
  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** Of these, what recovery has not dealt with yet. */
  get reservedBytes(): number {
    return this.#reservedBytes;
  }

  /** How many more segments there can be. */
  get segmentsLeft(): number {
    return segmentSlots - this.segments.length + this.#freeSlots.length;
  }

  /** How many were sealed: the clock of a segment's age. */
  get sealed(): number {
    return this.#sealed;
  }

  /**
   * The segment with room for so many bytes at its end. They are appended by `append`, in the same turn, or never: until
   * then they may be written over.
   */
  roomFor(bytes: number): Segment {
    if (this.#long !== undefined) this.#endLong(this.#long);
    const appending = this.#appending;
    if (appending !== undefined && bytes <= appending.roomBytes) return appending;
    return this.#openFor(bytes);
  }

  /** The next so many bytes of the segment that `roomFor` gave are records now. */
  append(segment: Segment, bytes: number): void {
    if (segment.usedBytes === 0 && segment === this.#long) {
      segment.breakPosition = this.#appended;
      this.ranges?.begin(segment);
    }
    segment.usedBytes += bytes;
    this.#usedBytes += bytes;
    this.#appended += bytes >>> 3;
    segment.lastPosition = this.#appended;
  }

  /** Like `roomFor`, for records that are moved; `receive` makes them count. */
  roomForMoved(bytes: number): Segment {
    const receiving = this.#receiving;
    if (receiving !== undefined && bytes <= receiving.roomBytes) return receiving;
    if (bytes > this.#nextBytes() >>> 1) return this.#create(bytes, 'receiving moved records');
    if (receiving !== undefined) this.#seal(receiving);
    return (this.#receiving = this.#create(this.#nextBytes(), 'receiving moved records'));
  }

  receive(segment: Segment, bytes: number): void {
    segment.usedBytes += bytes;
    this.#usedBytes += bytes;
    if (segment !== this.#receiving) this.#seal(segment);
  }

  /** For recovery. Counted as a whole until it is sealed. */
  reserve(bytes: number): Segment {
    const segment = this.#create(Math.max(8, (bytes + 7) & ~7), 'recovering');
    this.#usedBytes += segment.bytes.length;
    this.#reservedBytes += segment.bytes.length;
    return segment;
  }

  /** @param usedBytes behind the last record adopted */
  sealRecovered(segment: Segment, usedBytes: number): void {
    this.#usedBytes += usedBytes - segment.bytes.length;
    this.#reservedBytes -= segment.bytes.length;
    segment.usedBytes = usedBytes;
    this.#seal(segment);
    if (segment.liveBytes === 0) this.drop(segment);
  }

  /** Its slot may be given to another, and its memory, if nobody can have a view of it; else that goes to the garbage collector. */
  drop(segment: Segment): void {
    if (!segment.isHeld) this.#spare.put(segment.bytes.buffer as ArrayBuffer);
    this.segments[segment.slot] = undefined;
    this.#freeSlots.push(segment.slot);
    this.#usedBytes -= segment.usedBytes;
  }

  #openFor(bytes: number): Segment {
    const next = this.#nextBytes();
    // A long record gets a segment of its own: the rest of the present one would be wasted on it.
    if (bytes > next >>> 1 && this.#appending !== undefined) {
      return (this.#long = this.#create(bytes, 'appending'));
    }
    const segment = this.#create(Math.max(next, bytes), 'appending');
    segment.breakPosition = this.#appended;
    if (this.#appending !== undefined) this.#seal(this.#appending);
    this.#appending = segment;
    this.ranges?.begin(segment);
    return segment;
  }

  /** Whatever is appended next lies elsewhere. It may hold many records, so not at the first of them. */
  #endLong(segment: Segment): void {
    this.#long = undefined;
    if (segment.usedBytes === 0) {
      // What it was made for came to nothing.
      this.drop(segment);
      return;
    }
    this.#seal(segment);
    const appending = this.#appending;
    if (appending === undefined) return;
    // In the log's order: what was appended before, what the long one holds, and what is appended after.
    this.ranges?.begin(appending);
    appending.breakOffset = appending.usedBytes;
    appending.breakPosition = this.#appended;
  }

  #seal(segment: Segment): void {
    segment.state = 'sealed';
    this.#sealed += 1;
    segment.sealedAs = this.#sealed;
  }

  #nextBytes(): number {
    let bytes = segmentBytesMin;
    while (bytes < segmentBytesMax && bytes * segmentsAimedAt < this.#usedBytes) bytes *= 2;
    return bytes;
  }

  #create(bytes: number, state: SegmentState): Segment {
    const slot = this.#freeSlots.pop() ?? this.segments.length;
    if (slot >= segmentSlots) {
      throw new KvError('memory-full', 'no store holds more than 32 GiB of records', {
        outcome: 'not-applied',
      });
    }
    const length = (bytes + 7) & ~7;
    const memory = this.#spare.take(length) ?? allocateMemory(length);
    const segment = new Segment(slot, memory, state);
    this.segments[slot] = segment;
    return segment;
  }
}

/** The first ones: a store that holds little takes little, and is opened fast. */
export const segmentBytesMin = 16 * 1024;

/** The open ones are a fraction of so much of the whole. */
const segmentsAimedAt = 24;
