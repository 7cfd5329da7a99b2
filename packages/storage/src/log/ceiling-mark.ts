import type { Timestamp } from '@kv/hlc';

import { DurabilityWaiters } from './durability-waiters.js';

/** The ceiling of the clock that the log carries: each batch has the largest asked for. */
export class CeilingMark {
  readonly #waiters = new DurabilityWaiters();
  #durable: Timestamp;
  #largest: Timestamp;

  constructor(durable: Timestamp) {
    this.#durable = durable;
    this.#largest = durable;
  }

  get durable(): Timestamp {
    return this.#durable;
  }

  /** That was asked for. */
  get largest(): Timestamp {
    return this.#largest;
  }

  /** Somebody waits for a larger one than is durable. */
  get wanted(): boolean {
    return this.#largest > this.#durable;
  }

  want(ceiling: Timestamp): Promise<void> {
    if (ceiling > this.#largest) this.#largest = ceiling;
    return this.#waiters.wait(ceiling);
  }

  persisted(ceiling: Timestamp): void {
    if (ceiling <= this.#durable) return;
    this.#durable = ceiling;
    this.#waiters.resolveUpTo(ceiling);
  }

  /** Nobody waits. */
  get idle(): boolean {
    return this.#waiters.empty;
  }

  rejectAll(error: Error): void {
    this.#waiters.rejectAll(error);
  }
}
