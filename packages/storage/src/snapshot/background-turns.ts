import { backgroundRestMsMax, backgroundRestRatio } from '../limits.js';
import type { Clock, Timers } from '../ports.js';

/**
 * Turns of the event loop for work beside the traffic: after each, everybody else has processor and disk for some times as
 * long as it took. What runs for the first time is not compiled yet, takes ten times as long, and is then compiled by other
 * threads: without rests that is a pause for all.
 */
export class BackgroundTurns implements Pick<Timers, 'nextTurn'> {
  readonly #clock: Clock;
  readonly #timers: Timers;
  #beganMs: number;
  #restMs = 0;
  #isHurried = false;

  constructor({ clock, timers }: { readonly clock: Clock; readonly timers: Timers }) {
    this.#clock = clock;
    this.#timers = timers;
    this.#beganMs = clock.monotonicMs();
  }

  /** Somebody waits for the end: no rests from now on. */
  hurry(): void {
    this.#isHurried = true;
  }

  nextTurn(callback: () => void): void {
    this.#restMs += (this.#clock.monotonicMs() - this.#beganMs) * backgroundRestRatio;
    const begin = (): void => {
      this.#beganMs = this.#clock.monotonicMs();
      callback();
    };
    // Timers are no finer than a millisecond.
    if (this.#isHurried || this.#restMs < 1) {
      this.#timers.nextTurn(begin);
      return;
    }
    this.#timers.after(Math.min(this.#restMs, backgroundRestMsMax), begin);
    this.#restMs = 0;
  }
}
