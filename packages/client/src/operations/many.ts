import { isKvError, type KvError } from '@kv/errors';

import { manyUnderWayMax } from '../limits.js';
import type { Waiter } from '../quick/quick-operation.js';

/**
 * Many operations under one promise: for each, in its place, what it gave or the KvError that it failed with. What is no
 * KvError, such as the reason of a signal, or a mistake of the caller's, rejects the whole, once nothing is under way.
 */
export function runMany<T>(
  count: number,
  begin: (waiter: Waiter<T>, place: number) => void,
): Promise<(T | KvError)[]> {
  return new Promise((resolve, reject) => {
    if (count === 0) resolve([]);
    else new Many<T>({ count, begin, resolve, reject }).proceed();
  });
}

interface ManyOptions<T> {
  readonly count: number;
  readonly begin: (waiter: Waiter<T>, place: number) => void;
  readonly resolve: (results: (T | KvError)[]) => void;
  readonly reject: (reason: unknown) => void;
}

class Many<T> implements Waiter<T> {
  readonly #options: ManyOptions<T>;
  readonly #results: (T | KvError)[];
  #begun = 0;
  #settled = 0;
  #isProceeding = false;
  #failure: { readonly reason: unknown } | undefined;

  constructor(options: ManyOptions<T>) {
    this.#options = options;
    this.#results = new Array<T | KvError>(options.count);
  }

  proceed(): void {
    if (this.#isProceeding) return;
    this.#isProceeding = true;
    const { count, begin } = this.#options;
    while (
      this.#begun < count &&
      this.#begun - this.#settled < manyUnderWayMax &&
      this.#failure === undefined
    ) {
      const place = this.#begun;
      this.#begun += 1;
      try {
        begin(this, place);
      } catch (error) {
        this.reject(error, place);
      }
    }
    this.#isProceeding = false;
    if (this.#settled < this.#begun) return;
    if (this.#failure !== undefined) this.#options.reject(this.#failure.reason);
    else if (this.#settled === count) this.#options.resolve(this.#results);
  }

  readonly resolve = (value: T, place: number): void => {
    this.#settle(value, place);
  };

  readonly reject = (reason: unknown, place: number): void => {
    if (isKvError(reason)) {
      this.#settle(reason, place);
      return;
    }
    this.#failure ??= { reason };
    this.#settled += 1;
    this.proceed();
  };

  #settle(result: T | KvError, place: number): void {
    this.#results[place] = result;
    this.#settled += 1;
    this.proceed();
  }
}
