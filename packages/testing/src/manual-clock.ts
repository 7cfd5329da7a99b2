/** A clock that moves only when told to; fits every `Clock` port of this repository. */
export interface ManualClock {
  /** Wall clock, Unix milliseconds. `jump` moves it in either direction, as an operator or NTP does. */
  nowMs(): number;
  /** Milliseconds since some fixed moment; only `advance` moves it, and never back. */
  monotonicMs(): number;
  /** Time passes: both clocks go forward by `ms` (at least 0). */
  advance(ms: number): void;
  /** The wall clock alone is set forward (positive) or back (negative). */
  jump(ms: number): void;
}

export interface ManualClockOptions {
  /** Where the wall clock starts, Unix milliseconds. Default: 2026-01-01T00:00:00Z. */
  nowMs?: number;
  /** Where the monotonic clock starts. Default 1,000: a zero would hide code that takes "unset" for a time. */
  monotonicMs?: number;
}

const defaultNowMs = 1_767_225_600_000;

/** @throws RangeError if time would stand at or move by something that is not a finite number, or pass backwards. */
export function createManualClock(options: ManualClockOptions = {}): ManualClock {
  let wallMs = finite(options.nowMs ?? defaultNowMs);
  let monotonicMs = finite(options.monotonicMs ?? 1_000);
  return {
    nowMs: () => wallMs,
    monotonicMs: () => monotonicMs,
    advance(ms) {
      if (finite(ms) < 0) throw new RangeError('advance() takes 0 or more; jump() sets the wall clock back');
      wallMs += ms;
      monotonicMs += ms;
    },
    jump(ms) {
      wallMs += finite(ms);
    },
  };
}

function finite(ms: number): number {
  if (!Number.isFinite(ms)) throw new RangeError(`expected a finite number of milliseconds, got ${ms}`);
  return ms;
}
