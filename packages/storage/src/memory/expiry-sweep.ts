import { expiryAt, keyHashWord } from './record-words.js';
import { locationOf, type Segment } from './segment.js';
import type { SegmentedMemory } from './segmented-memory.js';

/**
 * Forgets expired records, in slices. Only where this is the only copy: a replica would get them back from another.
 *
 * Each segment knows a time before which none of its records expires, so records without a time to live cost nothing, and
 * the others are gone through when there is something to find.
 */
export class ExpirySweep {
  readonly #memory: SegmentedMemory;
  #segment: Segment | undefined;
  #offset = 0;

  constructor(memory: SegmentedMemory) {
    this.#memory = memory;
  }

  /** Something expires, sooner or later. */
  get needed(): boolean {
    return this.#memory.space.segments.some((segment) => (segment?.earliestExpiryMs ?? Infinity) < Infinity);
  }

  /** @returns whether there is more to do */
  sweep(nowMs: number, bytesMax = sliceBytes): boolean {
    for (let left = bytesMax; left > 0;) {
      const segment = (this.#segment ??= this.#choose(nowMs));
      if (segment === undefined) return false;
      left -= this.#sweepOf(segment, left, nowMs);
    }
    return true;
  }

  #choose(nowMs: number): Segment | undefined {
    const found = this.#memory.space.segments.find(
      (segment) => segment !== undefined && segment.earliestExpiryMs <= nowMs,
    );
    if (found === undefined) return undefined;
    this.#offset = 0;
    // What is found to be left, or comes in meanwhile, is noted anew.
    found.earliestExpiryMs = Infinity;
    return found;
  }

  /** @returns the bytes gone through */
  #sweepOf(segment: Segment, bytesMax: number, nowMs: number): number {
    const start = this.#offset;
    const stands = this.#memory.space.segments[segment.slot] === segment;
    let offset = start;
    while (stands && offset < segment.usedBytes && offset - start < bytesMax) {
      const next = segment.next(offset);
      if (next > 0 && !segment.isDead(offset)) this.#look(segment, offset, nowMs);
      offset = Math.abs(next);
    }
    this.#offset = offset;
    if (!stands || offset >= segment.usedBytes) this.#segment = undefined;
    return Math.max(1, offset - start);
  }

  #look(segment: Segment, offset: number, nowMs: number): void {
    const { words } = segment;
    const expiresAtMs = expiryAt(words, offset >>> 2);
    if (expiresAtMs === 0) return;
    const location = locationOf(segment, offset);
    if (this.#memory.entryOf(words[(offset >>> 2) + keyHashWord]!, location) === undefined) return;
    if (expiresAtMs <= nowMs) this.#memory.forget(location);
    else segment.noteExpiry(offset);
  }
}

const sliceBytes = 512 * 1024;
