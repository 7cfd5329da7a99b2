import type { Waiting } from './patience.js';
import type { CallOptions } from './requests.js';
import { boundedTimeoutMs, type Shell } from './shell.js';

/** The caller's side of one operation: its deadline, and whether anybody still waits. */
export interface Call {
  /** By the monotonic clock. */
  readonly deadlineAtMs: number;
  /** Whole milliseconds, at least 1: what is left for a replica's work. */
  timeLeftMs(): number;
  /** The deadline has passed, whether or not its timer came: after a pause of the process it may come last. */
  isOver(): boolean;
  /** Nothing is called back any more. */
  close(): void;
}

export interface CallEvents {
  /** Once, some time after the call began: whoever has not answered is thought to hang. */
  onImpatient(): void;
  onDeadline(): void;
  onClientGone(): void;
}

/** Never calls back before it returned. */
export function openCall(shell: Shell, options: CallOptions, events: CallEvents): Call {
  return new TimedCall(shell, options, events);
}

/** Has no timer of its own before it has waited longer than nearly all calls take. */
class TimedCall implements Call, Waiting {
  readonly deadlineAtMs: number;
  readonly #shell: Shell;
  readonly #signal: AbortSignal | undefined;
  /** Undefined = closed. */
  #events: CallEvents | undefined;
  #onAbort: (() => void) | undefined;
  #cancelTimer: (() => void) | undefined;

  constructor(shell: Shell, options: CallOptions, events: CallEvents) {
    const { impatientAfterMs } = shell.options;
    const timeoutMs = boundedTimeoutMs(shell, options);
    const nowMs = shell.clock.monotonicMs();
    this.#shell = shell;
    this.#events = events;
    this.deadlineAtMs = nowMs + timeoutMs;
    this.#signal = options.signal;
    if (this.#signal !== undefined) this.#listenTo(this.#signal);
    if (impatientAfterMs < timeoutMs) shell.patience.watch(this, nowMs);
    else this.#timeDeadline(timeoutMs);
  }

  get isClosed(): boolean {
    return this.#events === undefined;
  }

  timeLeftMs(): number {
    return Math.max(1, Math.ceil(this.deadlineAtMs - this.#shell.clock.monotonicMs()));
  }

  isOver(): boolean {
    return this.#shell.clock.monotonicMs() > this.deadlineAtMs;
  }

  close(): void {
    this.#events = undefined;
    this.#cancelTimer?.();
    if (this.#onAbort !== undefined) this.#signal?.removeEventListener('abort', this.#onAbort);
  }

  patienceIsOver(): void {
    this.#timeDeadline(this.timeLeftMs());
    this.#events?.onImpatient();
  }

  #timeDeadline(delayMs: number): void {
    this.#cancelTimer = this.#shell.timers.after(delayMs, () => this.#events?.onDeadline());
  }

  #listenTo(signal: AbortSignal): void {
    this.#onAbort = () => this.#events?.onClientGone();
    signal.addEventListener('abort', this.#onAbort, { once: true });
  }
}
