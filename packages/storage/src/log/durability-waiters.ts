import type { LogPosition } from '../engine/engine.js';

/** Who waits for which position. */
export class DurabilityWaiters {
  #waiters: Waiter[] = [];

  /** The promise may be left alone: its rejection is nobody's emergency. */
  wait(position: LogPosition): Promise<void> {
    const promise = new Promise<void>((resolve, reject) => {
      this.#waiters.push({ position, resolve, reject });
    });
    promise.catch(() => undefined);
    return promise;
  }

  resolveUpTo(position: LogPosition): void {
    if (this.#waiters.length === 0) return;
    const later: Waiter[] = [];
    for (const waiter of this.#waiters) {
      if (waiter.position <= position) waiter.resolve();
      else later.push(waiter);
    }
    this.#waiters = later;
  }

  rejectAll(error: Error): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter.reject(error);
  }
}

interface Waiter {
  readonly position: LogPosition;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}
