import { type RecordView, viewRecord } from '../record/record.js';
import { copyOf, pooledBytesMax } from './copies.js';
import type { RecoverySegment } from './record-memory.js';
import { expiryAt, lengthAt, verifyAt, verifyInSlices } from './record-words.js';

/** What a segment is for; only what is sealed may be cleaned. */
export type SegmentState = 'appending' | 'receiving moved records' | 'recovering' | 'sealed';

/**
 * A piece of memory outside of the JavaScript heap with records end to end.
 *
 * A location is one 32-bit word: 11 bits of the segment's slot, 21 bits of where in it the record begins, in units of 8
 * bytes. So there are 2,047 slots (none is 0: location 0 means nothing) of 16 MiB of beginnings each; a segment may be
 * longer, for a record that is.
 */
export class Segment implements RecoverySegment {
  readonly slot: number;
  readonly bytes: Uint8Array;
  readonly words: Int32Array;
  state: SegmentState;
  /** Records lie below it. */
  usedBytes = 0;
  /** Of records that the index knows. */
  liveBytes = 0;
  /** No live record expires before; only ever too early. Unix milliseconds. */
  earliestExpiryMs = Infinity;
  /** When it was sealed, counted in segments. */
  sealedAs = 0;
  /** The end of its last record counted by the log's positions; 0 if the log has nothing to do with it. */
  lastPosition = 0;
  /** Position at `breakOffset`; records below that (before something longer came in between) have this one at most. */
  breakPosition = 0;
  breakOffset = 0;
  /** A view of it was given to somebody who may keep it: its memory is never written over. */
  isHeld: boolean;

  /**
   * One bit for each 8 bytes: a record that begins there is superseded. Not noted in the record, which never changes; cleaning
   * would else ask the index about each, at a cache miss a time. Made when the first one is.
   */
  #dead: Int32Array | undefined;

  /** @param memory a multiple of 8 bytes, with whatever is in them: nobody sees what was not written */
  constructor(slot: number, memory: ArrayBuffer, state: SegmentState) {
    this.slot = slot;
    this.state = state;
    // Recovery reads files into it by itself.
    this.isHeld = state === 'recovering';
    this.bytes = new Uint8Array(memory);
    this.words = new Int32Array(memory);
  }

  /** The record at `offset`, where it lies; it may be kept. */
  viewAt(offset: number): RecordView {
    this.isHeld = true;
    return viewRecord(this.bytes, offset, lengthAt(this.words, offset >>> 2));
  }

  /** The same, of a copy if it is short, so that nothing is held. */
  recordAt(offset: number): RecordView {
    const length = lengthAt(this.words, offset >>> 2);
    if (length > pooledBytesMax) return this.viewAt(offset);
    return viewRecord(copyOf(this.bytes, offset, offset + length), 0, length);
  }

  get recordStartsBelow(): number {
    return segmentBytesMax;
  }

  get roomBytes(): number {
    return this.bytes.length - this.usedBytes;
  }

  verify(offset: number, end: number): number {
    return verifyAt(this.words, offset >>> 2, end);
  }

  verifyInSlices(offset: number, end: number): Generator<undefined, number> {
    return verifyInSlices(this.words, offset >>> 2, end);
  }

  /** Position of the record at `offset`; 0 if it was durable before it came here. */
  positionAt(offset: number): number {
    if (this.lastPosition === 0) return 0;
    if (offset < this.breakOffset) return this.breakPosition;
    return this.breakPosition + ((offset - this.breakOffset) >>> 3) + 1;
  }

  /** The record at `offset` is superseded, for good. */
  markDead(offset: number): void {
    const dead = (this.#dead ??= new Int32Array((Math.min(this.bytes.length, segmentBytesMax) >>> 8) + 1));
    dead[offset >>> 8]! |= 1 << (offset >>> 3);
  }

  /** Has what `markDead` will look at loaded. @returns anything */
  touchDead(offset: number): number {
    return this.#dead === undefined ? 0 : this.#dead[offset >>> 8]!;
  }

  isDead(offset: number): boolean {
    return this.#dead !== undefined && ((this.#dead[offset >>> 8]! >>> (offset >>> 3)) & 1) !== 0;
  }

  /** Bytes that are no record: they begin with a word that no length can be. */
  skip(offset: number, bytes: number): void {
    this.words[(offset >>> 2) + 1] = ~bytes;
  }

  /** The offset behind the record at `offset`, whether live or not; negated if it is no record but a gap. */
  next(offset: number): number {
    const length = lengthAt(this.words, offset >>> 2);
    return length > 0 ? offset + length : -(offset + ~length);
  }

  /** Notes when the record at `offset`, which came in, expires. */
  noteExpiry(offset: number): void {
    const expiresAtMs = expiryAt(this.words, offset >>> 2);
    if (expiresAtMs !== 0 && expiresAtMs < this.earliestExpiryMs) this.earliestExpiryMs = expiresAtMs;
  }
}

/** Memory of its own, not of a pool. */
export function allocateMemory(bytes: number): ArrayBuffer {
  return Buffer.allocUnsafeSlow((bytes + 7) & ~7).buffer;
}

export const slotBits = 11;
const unitBits = 32 - slotBits;
export const segmentSlots = 1 << slotBits;

/** How far into a segment records may begin. */
export const segmentBytesMax = (1 << unitBits) * 8;

export function locationOf(segment: Segment, offset: number): number {
  return (segment.slot << unitBits) | (offset >>> 3);
}

export function slotOf(location: number): number {
  return location >>> unitBits;
}

/** Number of the record's first word. */
export function wordOf(location: number): number {
  return (location & ((1 << unitBits) - 1)) << 1;
}
