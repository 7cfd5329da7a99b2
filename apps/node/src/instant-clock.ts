import type { Clock } from '@kv/hlc';

/**
 * Time stands still while one piece of code runs: it is read once, and again after that. A flight of a hundred writes stamps
 * and judges each of them, with ten readings a write, all of which would say the same.
 *
 * Not for those who measure their own slices.
 */
export function instantClock(clock: Clock): Clock {
  return new InstantClock(clock);
}

class InstantClock implements Clock {
  readonly #clock: Clock;
  #isRead = false;
  #nowMs = 0;
  #monotonicMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  nowMs(): number {
    if (!this.#isRead) this.#read();
    return this.#nowMs;
  }

  monotonicMs(): number {
    if (!this.#isRead) this.#read();
    return this.#monotonicMs;
  }

  #read(): void {
    this.#monotonicMs = this.#clock.monotonicMs();
    this.#nowMs = this.#clock.nowMs();
    this.#isRead = true;
    void Promise.resolve().then(this.#forget);
  }

  readonly #forget = (): void => {
    this.#isRead = false;
  };
}
