import type { Caller, RunningOperation } from '../caller.js';

/** Operations on the own copy that it is asked for as one. */
export interface Gathered {
  readonly isFull: boolean;
  begin(): void;
}

/** What comes within one turn goes together: a session hands over a whole message in one go. */
export class Gathering<Batch extends Gathered> {
  readonly #create: () => Batch;
  #open: Batch | undefined;

  constructor(create: () => Batch) {
    this.#create = create;
  }

  /** The one that takes another operation; it begins at the end of what runs now. */
  gather(): Batch {
    if (this.#open?.isFull === false) return this.#open;
    const batch = this.#create();
    this.#open = batch;
    void Promise.resolve().then(() => {
      if (this.#open === batch) this.#open = undefined;
      batch.begin();
    });
    return batch;
  }
}

/** One of them, which tells its caller once. */
export abstract class Awaited<Result> implements RunningOperation {
  /** Undefined once it was told. */
  #caller: Caller<Result> | undefined;

  constructor(caller: Caller<Result>) {
    this.#caller = caller;
  }

  /** Nobody waits for it any more. */
  abstract abandon(): void;

  get isOver(): boolean {
    return this.#caller === undefined;
  }

  resolve(result: Result): void {
    this.#take()?.resolve(result);
  }

  reject(error: unknown): void {
    this.#take()?.reject(error);
  }

  #take(): Caller<Result> | undefined {
    const caller = this.#caller;
    this.#caller = undefined;
    return caller;
  }
}
