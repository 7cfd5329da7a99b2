import { tombstoneFlag } from '../record/record-layout.js';
import type { Digests } from './digests.js';
import { flagsAt, lengthAt } from './record-words.js';
import type { Segment } from './segment.js';

/** What the index points at, in numbers: of each segment, of all, and, if they are kept, as digests. */
export class LiveTally {
  readonly digests: Digests | undefined;
  #keys = 0;
  #tombstones = 0;
  #bytes = 0;

  constructor(digests: Digests | undefined) {
    this.digests = digests;
  }

  /** Entries that are no tombstones. */
  get keys(): number {
    return this.#keys;
  }

  get tombstones(): number {
    return this.#tombstones;
  }

  get bytes(): number {
    return this.#bytes;
  }

  add(segment: Segment, offset: number): void {
    const { words } = segment;
    const record = offset >>> 2;
    const length = lengthAt(words, record);
    segment.liveBytes += length;
    this.#bytes += length;
    if ((flagsAt(words, record) & tombstoneFlag) !== 0) this.#tombstones += 1;
    else this.#keys += 1;
    this.digests?.add(words, record, 1);
  }

  /** The record is superseded. */
  remove(segment: Segment, offset: number): void {
    const { words } = segment;
    const record = offset >>> 2;
    const length = lengthAt(words, record);
    segment.markDead(offset);
    segment.liveBytes -= length;
    this.#bytes -= length;
    if ((flagsAt(words, record) & tombstoneFlag) !== 0) this.#tombstones -= 1;
    else this.#keys -= 1;
    this.digests?.add(words, record, -1);
  }
}
