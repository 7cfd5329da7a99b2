import type { CallOptions } from './requests.js';
import type { Shell } from './shell.js';

/** The caller's side of one operation: its deadline, and whether anybody still waits. */
export interface Call {
  /** Whole milliseconds, at least 1: what is left for a replica's work. */
  timeLeftMs(): number;
  /** The deadline has passed, whether or not its timer came: after a pause of the process it may come last. */
  isOver(): boolean;
  /** Stops the timers; nothing is called back any more. */
  close(): void;
}

export interface CallEvents {
  /** Once, some time after the call began: whoever has not answered is thought to hang. */
  onImpatient?(): void;
  onDeadline(): void;
  /** Also at once, for a signal that is aborted already. */
  onClientGone(): void;
}

/** Never calls back before it returned. */
export function openCall(shell: Shell, options: CallOptions, events: CallEvents): Call {
  return new TimedCall(shell, options, events);
}

class TimedCall implements Call {
  readonly #shell: Shell;
  readonly #events: CallEvents;
  readonly #deadlineAtMs: number;
  readonly #signal: AbortSignal | undefined;
  #cancelTimer: () => void;

  constructor(shell: Shell, options: CallOptions, events: CallEvents) {
    const { requestTimeoutMs, impatientAfterMs } = shell.options;
    const timeoutMs = Math.min(options.timeoutMs ?? requestTimeoutMs, requestTimeoutMs);
    this.#shell = shell;
    this.#events = events;
    this.#deadlineAtMs = shell.clock.monotonicMs() + timeoutMs;
    this.#signal = options.signal;
    this.#signal?.addEventListener('abort', this.#onAbort, { once: true });
    // One timer at a time: most calls end before the first, and never set the second.
    this.#cancelTimer =
      events.onImpatient !== undefined && impatientAfterMs < timeoutMs
        ? shell.timers.after(impatientAfterMs, this.#onImpatient)
        : shell.timers.after(Math.max(0, timeoutMs), this.#onDeadline);
  }

  timeLeftMs(): number {
    return Math.max(1, Math.ceil(this.#deadlineAtMs - this.#shell.clock.monotonicMs()));
  }

  isOver(): boolean {
    return this.#shell.clock.monotonicMs() > this.#deadlineAtMs;
  }

  close(): void {
    this.#cancelTimer();
    this.#signal?.removeEventListener('abort', this.#onAbort);
  }

  readonly #onImpatient = (): void => {
    this.#cancelTimer = this.#shell.timers.after(this.timeLeftMs(), this.#onDeadline);
    this.#events.onImpatient?.();
  };

  readonly #onDeadline = (): void => {
    this.#events.onDeadline();
  };

  readonly #onAbort = (): void => {
    this.#events.onClientGone();
  };
}
