import type { LogPosition } from '../engine/engine.js';
import { tombstoneFlag } from '../record/record-layout.js';
import { fetchedAhead } from './fetch-ahead.js';
import { expiryAt, flagsAt, keyHashWord, lengthAt } from './record-words.js';
import { locationOf, type Segment } from './segment.js';
import { segmentBytesMin } from './segment-space.js';
import type { SegmentedMemory } from './segmented-memory.js';

export interface CleanerOptions {
  /** So much dead memory is left alone, however little lives. Default 0 */
  readonly deadBytesMin?: number | undefined;
}

export interface CleaningLimits {
  /** What the log has not written yet is left where it is. */
  readonly durableUpTo: LogPosition;
  /** For expired records, which a single copy forgets. Unix milliseconds. */
  readonly nowMs: number;
  /** How much to go through, in bytes. Default a slice of a millisecond or two. */
  readonly bytesMax?: number | undefined;
  /** Also what is hardly worth it. Default false. */
  readonly eager?: boolean | undefined;
}

/**
 * Takes back the memory of what was superseded.
 *
 * Which segment to clean: the one with the greatest (1 - u) · age / (1 + u), u being the share of it that lives. The cost is
 * what must be moved, the gain what comes free, and the age says how long it will stay so: records that were not
 * overwritten for long will not be soon, so it pays to clean old segments while much of them lives, and to leave young ones
 * to empty themselves (Rosenblum and Ousterhout, 1992). One in which nothing lives costs nothing.
 */
export class Cleaner {
  readonly #memory: SegmentedMemory;
  #victim: Segment | undefined;
  /** Up to here the victim is done. */
  #offset = 0;
  readonly #live = new Int32Array(fetchedAhead);
  readonly #deadBytesMin: number;

  constructor(memory: SegmentedMemory, { deadBytesMin = 0 }: CleanerOptions = {}) {
    this.#memory = memory;
    this.#deadBytesMin = deadBytesMin;
  }

  /** More of the memory is dead than should be. */
  get due(): boolean {
    const { space, liveBytes } = this.#memory;
    if (this.#victim !== undefined) return true;
    const deadBytes = space.usedBytes - space.reservedBytes - liveBytes;
    return deadBytes > Math.max(liveBytes * deadPerLiveBytes + slackBytes, this.#deadBytesMin);
  }

  /** Whoever writes does not let others have their turn, so that nobody cleans. */
  get overdue(): boolean {
    const { space, liveBytes } = this.#memory;
    const deadBytes = space.usedBytes - liveBytes;
    return deadBytes > Math.max(liveBytes * deadPerLiveBytesOverdue + slackBytes, this.#deadBytesMin * 1.25);
  }

  /** One slice of cleaning. @returns false if there was nothing that could be done */
  clean({ durableUpTo, nowMs, bytesMax = sliceBytes, eager = false }: CleaningLimits): boolean {
    let left = bytesMax;
    let done = false;
    while (left > 0 && (eager || this.due)) {
      const victim = (this.#victim ??= this.#choose(durableUpTo));
      if (victim === undefined) return done;
      done = true;
      left -= this.#cleanOf(victim, left, nowMs);
    }
    return done;
  }

  #choose(durableUpTo: LogPosition): Segment | undefined {
    const { segments, sealed } = this.#memory.space;
    let best: Segment | undefined;
    let bestGain = 0;
    for (const segment of segments) {
      if (segment?.state !== 'sealed' || segment.lastPosition > durableUpTo) continue;
      if (segment.liveBytes === 0) {
        best = segment;
        break;
      }
      const lives = segment.liveBytes / segment.usedBytes;
      const gain = ((1 - lives) * (sealed - segment.sealedAs + 1)) / (1 + lives);
      if (gain <= bestGain) continue;
      best = segment;
      bestGain = gain;
    }
    this.#offset = 0;
    return best;
  }

  /** @returns the bytes gone through */
  #cleanOf(victim: Segment, bytesMax: number, nowMs: number): number {
    const { ahead } = this.#memory;
    const start = this.#offset;
    const end = victim.usedBytes;
    const live = this.#live;
    let offset = start;
    while (offset < end && offset - start < bytesMax && victim.liveBytes > 0) {
      let count = 0;
      // The bound holds for each record: a whole group of long ones would be no slice.
      while (offset < end && offset - start < bytesMax && count < fetchedAhead) {
        const next = victim.next(offset);
        if (next > 0 && !victim.isDead(offset)) {
          live[count] = offset;
          count += 1;
          ahead.slot(victim.words[(offset >>> 2) + keyHashWord]!);
        }
        offset = Math.abs(next);
      }
      for (let at = 0; at < count; at += 1) this.#moveIfLive(victim, live[at]!, nowMs);
    }
    this.#offset = offset;
    if (offset >= end || victim.liveBytes === 0) {
      this.#memory.space.drop(victim);
      this.#victim = undefined;
    }
    return Math.max(1, offset - start);
  }

  #moveIfLive(victim: Segment, offset: number, nowMs: number): void {
    const { words } = victim;
    const record = offset >>> 2;
    const location = locationOf(victim, offset);
    if (!this.#memory.retainTombstones && isGone(words, record, nowMs)) {
      this.#memory.forget(location);
      return;
    }
    const length = lengthAt(words, record);
    const to = this.#memory.space.roomForMoved(length);
    const at = to.usedBytes;
    // If it is not what the index points at, what was copied is written over by the next.
    copyWords(words, record, to.words, at >>> 2, length);
    if (!this.#memory.index.move(words[record + keyHashWord]!, location, locationOf(to, at))) return;
    this.#memory.space.receive(to, length);
    to.noteExpiry(at);
    victim.liveBytes -= length;
    to.liveBytes += length;
  }
}

function isGone(words: Int32Array, record: number, nowMs: number): boolean {
  if ((flagsAt(words, record) & tombstoneFlag) !== 0) return true;
  const expiresAtMs = expiryAt(words, record);
  return expiresAtMs !== 0 && expiresAtMs <= nowMs;
}

function copyWords(from: Int32Array, start: number, to: Int32Array, at: number, bytes: number): void {
  const count = bytes >>> 2;
  if (count > copyByLoopWordsMax) {
    to.set(from.subarray(start, start + count), at);
    return;
  }
  for (let word = 0; word < count; word += 1) to[at + word] = from[start + word]!;
}

/**
 * Cleaning begins above it. The lower, the more is moved for each record overwritten at random: at 0.37 about one. What
 * comes in until it is done, and the segments not yet full, stay within 0.4.
 */
const deadPerLiveBytes = 0.37;

const deadPerLiveBytesOverdue = 0.39;

/** Not worth cleaning: the first two segments. */
const slackBytes = 2 * segmentBytesMin;

const sliceBytes = 512 * 1024;

const copyByLoopWordsMax = 128;
