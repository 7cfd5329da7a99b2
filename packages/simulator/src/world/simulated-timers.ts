import type { SimulatedClock } from './simulated-clock.js';
import type { SimulatedProcess } from './simulated-process.js';
import { labels, type World } from './world.js';

/** Fits every `Timers` port of this repository. */
export interface SimulatedTimers {
  after(delayMs: number, callback: () => void): () => void;
  nextTurn(callback: () => void): void;
}

/** Timers of one process, by the monotonic clock of its machine; gone when the process ends. */
export function createSimulatedTimers(
  world: World,
  { process, clock }: { readonly process: SimulatedProcess; readonly clock: SimulatedClock },
): SimulatedTimers {
  const turn = { process, label: labels.turn };
  const timer = { process, label: labels.timer };
  return {
    after(delayMs, callback) {
      if (!(delayMs >= 0)) throw new RangeError(`a timer needs a delay from 0, got ${delayMs}`);
      // As Node does it: no timer is shorter than a millisecond.
      const waitMs = Math.max(1, delayMs);
      const dueMs = clock.monotonicMs() + waitMs;
      let cancel: () => void;
      function fire(): void {
        // The clock may have become slower, or the machine slept, since the timer was set.
        const leftMs = dueMs - clock.monotonicMs();
        if (leftMs > 1e-3) cancel = world.after(clock.trueDelayMs(leftMs), timer, fire);
        else callback();
      }
      cancel = world.after(clock.trueDelayMs(waitMs), timer, fire);
      return () => cancel();
    },
    nextTurn: (callback) => void world.after(0, turn, callback),
  };
}
