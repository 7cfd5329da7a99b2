import { settleMicrotasks } from './settle.adapter.js';

/** What the timers need of a clock; `createManualClock()` fits. */
export interface AdvanceableClock {
  monotonicMs(): number;
  advance(ms: number): void;
}

/** Timers that fire only when told to; fit every `Timers` port of this repository. */
export interface ManualTimers {
  /** Calls back once, `delayMs` from now on the monotonic clock. Returns the function that cancels it. */
  after(delayMs: number, callback: () => void): () => void;
  /** Calls back in the next turn of the event loop, as `setImmediate` does. */
  nextTurn(callback: () => void): void;
  /** Runs one turn: every callback queued with `nextTurn` before this call. Returns how many ran. */
  runTurn(): number;
  /**
   * Lets `ms` pass: moves the clock from timer to timer and runs what is due in the order of its time, turns first.
   * Promise reactions wait until the caller awaits; `advanceAsync` lets them run in between.
   */
  advance(ms: number): void;
  /** Like `advance`, and lets promises settle after every callback. */
  advanceAsync(ms: number): Promise<void>;
  /** Timers neither fired nor cancelled. */
  readonly pending: number;
}

interface Timer {
  readonly dueMs: number;
  readonly order: number;
  readonly callback: () => void;
}

/** Turns in a row without a timer in between; more is a callback that queues itself for ever. */
const turnsMax = 100_000;

export function createManualTimers(clock: AdvanceableClock): ManualTimers {
  const timers = new Set<Timer>();
  let turn: (() => void)[] = [];
  let order = 0;

  function runTurn(): number {
    const callbacks = turn;
    turn = [];
    for (const callback of callbacks) callback();
    return callbacks.length;
  }

  function nextDue(untilMs: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of timers) {
      if (timer.dueMs > untilMs) continue;
      if (next === undefined || timer.dueMs < next.dueMs) next = timer;
      else if (timer.dueMs === next.dueMs && timer.order < next.order) next = timer;
    }
    return next;
  }

  /** Runs step by step what is due until `untilMs`, handing back control after each callback or turn. */
  function* steps(untilMs: number): Generator<undefined, void> {
    let turns = 0;
    for (;;) {
      yield;
      if (turn.length > 0) {
        turns += 1;
        if (turns > turnsMax)
          throw new Error(`more than ${turnsMax} turns: a callback queues itself for ever`);
        runTurn();
        continue;
      }
      const next = nextDue(untilMs);
      if (next === undefined) break;
      turns = 0;
      timers.delete(next);
      clock.advance(Math.max(0, next.dueMs - clock.monotonicMs()));
      next.callback();
    }
    clock.advance(Math.max(0, untilMs - clock.monotonicMs()));
  }

  return {
    after(delayMs, callback) {
      if (!Number.isFinite(delayMs)) throw new RangeError(`a timer needs a finite delay, got ${delayMs}`);
      const timer = { dueMs: clock.monotonicMs() + Math.max(0, delayMs), order: (order += 1), callback };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    nextTurn: (callback) => void turn.push(callback),
    runTurn,
    advance(ms) {
      const run = steps(clock.monotonicMs() + ms);
      while (run.next().done === false);
    },
    async advanceAsync(ms) {
      const run = steps(clock.monotonicMs() + ms);
      while (run.next().done === false) await settleMicrotasks();
    },
    get pending() {
      return timers.size;
    },
  };
}
