import { afterwardsFlightsMax } from '../limits.js';
import type { Timers } from '../ports.js';

/** Has something for owners for whose answers nobody waits. */
export interface Unhurried {
  followUp(): void;
}

/**
 * Sends what nobody waits for all at once, a moment later. A message costs its receiver as much as a dozen operations, and takes
 * the processor from those for whom somebody waits.
 */
export class Afterwards {
  readonly #delayMs: number;
  readonly #timers: Timers;
  #waiting: Unhurried[] = [];
  #cancelTimer: (() => void) | undefined;
  #isClosed = false;

  constructor(delayMs: number, { timers }: { readonly timers: Timers }) {
    this.#delayMs = delayMs;
    this.#timers = timers;
  }

  add(unhurried: Unhurried): void {
    this.#waiting.push(unhurried);
    if (this.#isClosed || this.#waiting.length >= afterwardsFlightsMax) this.#followUp();
    else this.#cancelTimer ??= this.#timers.after(this.#delayMs, () => this.#followUp());
  }

  /** All of them at once, and whatever comes: there is no later. */
  close(): void {
    this.#isClosed = true;
    this.#followUp();
  }

  #followUp(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const unhurried of waiting) unhurried.followUp();
  }
}
