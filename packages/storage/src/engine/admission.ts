import type { RefusalCode } from './engine.js';
import { expiryForRoomMsMin } from '../limits.js';
import type { WriteAheadLog } from '../log/write-ahead-log.js';
import type { Cleaner } from '../memory/cleaner.js';
import type { ExpirySweep } from '../memory/expiry-sweep.js';
import type { Moments } from '../memory/moments.js';
import type { SegmentedMemory } from '../memory/segmented-memory.js';
import type { Clock } from '../ports.js';

export interface AdmissionParts {
  readonly memory: SegmentedMemory;
  /** What is kept for them is no room for others. */
  readonly moments: Moments;
  readonly cleaner: Cleaner;
  /** Only where this is the only copy. */
  readonly sweep: ExpirySweep | undefined;
  readonly log: WriteAheadLog;
  readonly clock: Clock;
  readonly memoryBytesMax: number;
}

/** Decides whether records may be taken in, before any of them is. */
export class Admission {
  readonly #parts: AdmissionParts;
  #credit = 0;
  /** On the monotonic clock. */
  #expiryNotBeforeMs = -Infinity;

  constructor(parts: AdmissionParts) {
    this.#parts = parts;
  }

  /** What the state of the log refuses. */
  stateRefusal(): RefusalCode | undefined {
    switch (this.#parts.log.state.kind) {
      case 'open':
        return undefined;
      case 'full':
        return 'disk-full';
      case 'failed':
        return 'internal';
      case 'closed':
        return 'closed';
    }
  }

  /** So many more bytes of records fit, whatever they replace: the usual case, told cheaply. */
  isRoomyFor(bytes: number): boolean {
    this.#credit -= bytes;
    return this.#credit >= 0 || this.#renewCredit(bytes);
  }

  /**
   * Whether so many more bytes of records fit. May clean first.
   *
   * @param growth by how much live records grow, which is less where records are replaced
   */
  fits(bytes: number, growth: number): boolean {
    if (this.isRoomyFor(bytes)) return true;
    return this.#parts.memory.space.segmentsLeft >= segmentsLeftMin && this.#makeRoom(growth, bytes);
  }

  /** What may be appended before it is looked again how much there is. */
  #renewCredit(bytes: number): boolean {
    const { memory, moments, memoryBytesMax } = this.#parts;
    const taken = memory.bytes * usedPerLiveBytesMax + moments.bytes + indexGrowthBytes;
    this.#credit = 0;
    if (memory.space.segmentsLeft < segmentsLeftMin || taken + bytes > memoryBytesMax) return false;
    this.#credit = Math.min(creditBytes, (memoryBytesMax - taken - bytes) / 2);
    return true;
  }

  /** What lives takes up to 1.4 times its bytes; what waits for the log, or for cleaning, comes on top. */
  #makeRoom(growth: number, bytes: number): boolean {
    const { memory, moments, memoryBytesMax, clock } = this.#parts;
    const other = (): number => memory.bytes - memory.space.usedBytes + moments.bytes;
    const lives = (): boolean =>
      (memory.liveBytes + growth) * usedPerLiveBytesMax + other() <= memoryBytesMax;
    if (growth > 0 && !lives() && !(this.#dropExpired() && lives())) return false;
    const limits = { durableUpTo: this.#parts.log.written, nowMs: clock.nowMs(), eager: true };
    while (memory.bytes + moments.bytes + bytes > memoryBytesMax) {
      if (!this.#parts.cleaner.clean(limits)) return false;
    }
    return true;
  }

  /** @returns whether it looked: not again and again while refusals follow each other */
  #dropExpired(): boolean {
    const { sweep, clock } = this.#parts;
    const nowMs = clock.monotonicMs();
    if (sweep === undefined || nowMs < this.#expiryNotBeforeMs) return false;
    this.#expiryNotBeforeMs = nowMs + expiryForRoomMsMin;
    while (sweep.sweep(clock.nowMs()));
    return true;
  }
}

const usedPerLiveBytesMax = 1.4;

/** Cleaning needs some, and so does a batch that was let in. */
const segmentsLeftMin = 16;

/** Between two looks at how much there is. */
const creditBytes = 256 * 1024;

/** A table that doubles. */
const indexGrowthBytes = 1024 * 1024;
