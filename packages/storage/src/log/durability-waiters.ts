/** Who waits for which position, or for whatever else only grows. */
export class DurabilityWaiters {
  #waiters: Waiter[] = [];

  /** The promise may be left alone: its rejection is nobody's emergency. */
  wait(position: number): Promise<void> {
    let waiter!: Waiter;
    const promise = new Promise<void>((resolve, reject) => {
      waiter = { position, resolve, reject, promise: undefined };
    });
    waiter.promise = promise;
    this.#waiters.push(waiter);
    return promise;
  }

  resolveUpTo(position: number): void {
    const waiters = this.#waiters;
    if (waiters.length === 0) return;
    this.#waiters = [];
    for (const waiter of waiters) {
      if (waiter.position <= position) waiter.resolve();
      else this.#waiters.push(waiter);
    }
  }

  rejectAll(error: Error): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const { promise, reject } of waiters) {
      // Only now: for the many that resolve, it would be a second promise each.
      promise?.catch(() => undefined);
      reject(error);
    }
  }
}

interface Waiter {
  readonly position: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
  promise: Promise<void> | undefined;
}
