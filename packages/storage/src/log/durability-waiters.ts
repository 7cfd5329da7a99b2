/** Who waits for which position, or for whatever else only grows. */
export class DurabilityWaiters {
  #waiters: Waiter[] = [];
  /** Who waits for what is not taken yet: it will be taken together, so one promise does for all. */
  #gathering: Waiter | undefined;
  #taken = 0;

  /** Like `wait`, but shares the promise with all who wait for what `taken` has not been told of yet. */
  join(position: number): Promise<void> {
    const gathering = this.#gathering;
    if (gathering !== undefined && position > this.#taken) {
      if (position > gathering.position) gathering.position = position;
      return gathering.promise!;
    }
    const promise = this.wait(position);
    if (position > this.#taken) this.#gathering = this.#waiters.at(-1);
    return promise;
  }

  /** Everything up to here is on its way. */
  taken(position: number): void {
    this.#taken = position;
    this.#gathering = undefined;
  }

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

  get empty(): boolean {
    return this.#waiters.length === 0;
  }

  rejectAll(error: Error): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    this.#gathering = undefined;
    for (const { promise, reject } of waiters) {
      // Only now: for the many that resolve, it would be a second promise each.
      promise?.catch(() => undefined);
      reject(error);
    }
  }
}

interface Waiter {
  position: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
  promise: Promise<void> | undefined;
}
