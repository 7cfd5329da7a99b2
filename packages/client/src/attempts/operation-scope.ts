import { setMaxListeners } from 'node:events';

import { KvError } from '@kv/errors';

import { attemptMsMin } from '../limits.js';
import type { Clock, Timers } from '../ports.js';

/** Why a scope ended before its work did. */
export type ScopeEnd = 'deadline' | 'caller' | 'closed';

/**
 * The time and the right that an operation, or one attempt of it, has to go on. It ends at its deadline, with the
 * signal above it, or when the client is closed; whoever made it calls `release()` when the work is done.
 */
export interface OperationScope {
  /** Aborts when the scope ends; its reason is what the work is to reject with. */
  readonly signal: AbortSignal;
  /** Undefined while it goes on. */
  readonly endedBy: ScopeEnd | undefined;
  readonly timeoutMs: number;
  remainingMs(): number;
  /** Waits for the deadline if too little is left for another attempt; rejects then as `sleep` does. */
  timeForAttempt(): Promise<void> | undefined;
  /** The promise, or a rejection as soon as the scope ends: nothing below has to honour the signal for that. */
  race<T>(work: Promise<T>): Promise<T>;
  sleep(delayMs: number): Promise<void>;
  /** Ends it because the client is closed. */
  close(): void;
  release(): void;
}

export interface ScopeOptions {
  readonly timeoutMs: number;
  /** By the monotonic clock, if the time began earlier than now. */
  readonly endsAtMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** What the deadline's error says. */
  readonly what: string;
}

export function createOperationScope(
  { timeoutMs, endsAtMs: endsEarlierMs, signal: above, what }: ScopeOptions,
  { clock, timers }: { readonly clock: Clock; readonly timers: Timers },
): OperationScope {
  const controller = new AbortController();
  const { signal } = controller;
  const nowMs = clock.monotonicMs();
  const endsAtMs = endsEarlierMs ?? nowMs + timeoutMs;
  let endedBy: ScopeEnd | undefined;

  function end(by: ScopeEnd, reason: unknown): void {
    if (endedBy !== undefined) return;
    endedBy = by;
    release();
    controller.abort(reason);
  }
  const onAbove = (): void => end('caller', above?.reason);
  const onDeadline = (): void => {
    end('deadline', new KvError('timeout', `${what} took longer than ${timeoutMs} ms`));
  };
  let cancelTimer: (() => void) | undefined;
  function release(): void {
    cancelTimer?.();
    above?.removeEventListener('abort', onAbove);
  }

  if (endsAtMs > nowMs) cancelTimer = timers.after(endsAtMs - nowMs, onDeadline);
  else onDeadline();
  if (above?.aborted === true) onAbove();
  else if (above !== undefined) listenToMany(above, onAbove);

  const remainingMs = (): number => Math.max(0, endsAtMs - clock.monotonicMs());

  function sleep(delayMs: number): Promise<void> {
    let cancel: (() => void) | undefined;
    const rest = new Promise<void>((resolve) => {
      cancel = timers.after(delayMs, resolve);
    });
    return raceWithSignal(rest, signal).finally(() => cancel?.());
  }

  return {
    signal,
    get endedBy() {
      return endedBy;
    },
    timeoutMs,
    remainingMs,
    timeForAttempt() {
      const leftMs = remainingMs();
      return leftMs < Math.min(attemptMsMin, timeoutMs / 10) ? sleep(leftMs + 1) : undefined;
    },
    race: (work) => raceWithSignal(work, signal),
    sleep,
    close: () => end('closed', new KvError('closed', 'the client was closed')),
    release,
  };
}

/** One signal for a thousand operations is ordinary use: node would warn of a leak from the eleventh on. */
export function listenToMany(signal: AbortSignal, listener: () => void): void {
  if (signal instanceof EventTarget) setMaxListeners(Infinity, signal);
  signal.addEventListener('abort', listener, { once: true });
}

async function raceWithSignal<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort);
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    if (onAbort !== undefined) signal.removeEventListener('abort', onAbort);
  }
}
