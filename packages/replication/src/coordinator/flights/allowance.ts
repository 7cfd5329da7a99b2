import type { Clock } from '../../ports.js';

/** So many a second, and what was not used before; nothing to begin with. */
export class Allowance {
  readonly #perSecond: number;
  readonly #most: number;
  readonly #clock: Clock;
  #left = 0;
  #atMs: number;

  constructor(
    { perSecond, most }: { readonly perSecond: number; readonly most: number },
    { clock }: { readonly clock: Clock },
  ) {
    this.#perSecond = perSecond;
    this.#most = most;
    this.#clock = clock;
    this.#atMs = clock.monotonicMs();
  }

  /** All of them, or none. */
  take(count: number): boolean {
    const nowMs = this.#clock.monotonicMs();
    this.#left = Math.min(this.#most, this.#left + ((nowMs - this.#atMs) * this.#perSecond) / 1000);
    this.#atMs = nowMs;
    if (count > this.#left) return false;
    this.#left -= count;
    return true;
  }
}
