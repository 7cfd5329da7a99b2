import type { Clock, Timers } from '../ports.js';

/** One that waits; its time is over only if nobody called `close` on it before. */
export interface Waiting {
  readonly isClosed: boolean;
  patienceIsOver(): void;
}

/**
 * Tells each operation that a fixed time has passed since it began. Nearly all end long before that, so a timer of its own
 * for each would cost more than the rest of its bookkeeping: they stand in the order in which they began, which is the
 * order in which they become due, and one timer serves them all.
 */
export class Patience {
  readonly #afterMs: number;
  readonly #clock: Clock;
  readonly #timers: Timers;
  #waiting: Waiting[] = [];
  #dueAtMs: number[] = [];
  #first = 0;
  /** Undefined while no timer is set. */
  #cancelTimer: (() => void) | undefined;
  #isClosed = false;

  constructor(afterMs: number, { clock, timers }: { readonly clock: Clock; readonly timers: Timers }) {
    this.#afterMs = afterMs;
    this.#clock = clock;
    this.#timers = timers;
  }

  watch(waiting: Waiting, nowMs: number): void {
    this.#dropEnded();
    this.#waiting.push(waiting);
    this.#dueAtMs.push(nowMs + this.#afterMs);
    if (this.#cancelTimer === undefined) this.#timeFirst(nowMs);
  }

  /** Nobody is told any more, and no timer is left behind. */
  close(): void {
    this.#isClosed = true;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  #timeFirst(nowMs: number): void {
    if (this.#isClosed) return;
    const waitMs = Math.max(0, this.#dueAtMs[this.#first]! - nowMs);
    this.#cancelTimer = this.#timers.after(waitMs, () => this.#onTime());
  }

  #onTime(): void {
    const nowMs = this.#clock.monotonicMs();
    while (this.#first < this.#waiting.length && this.#dueAtMs[this.#first]! <= nowMs) {
      const waiting = this.#waiting[this.#first]!;
      this.#first += 1;
      if (!waiting.isClosed) waiting.patienceIsOver();
    }
    this.#dropEnded();
    this.#cancelTimer = undefined;
    if (this.#first < this.#waiting.length) this.#timeFirst(nowMs);
  }

  /** Those that ended keep nothing in memory for longer than the ones before them last. */
  #dropEnded(): void {
    while (this.#first < this.#waiting.length && this.#waiting[this.#first]!.isClosed) this.#first += 1;
    if (this.#first === this.#waiting.length) {
      if (this.#first === 0) return;
      this.#waiting = [];
      this.#dueAtMs = [];
      this.#first = 0;
    } else if (this.#first >= compactedAt && this.#first * 2 >= this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#first);
      this.#dueAtMs = this.#dueAtMs.slice(this.#first);
      this.#first = 0;
    }
  }
}

/** Below it, what has ended is not worth moving the others. */
const compactedAt = 1_024;
