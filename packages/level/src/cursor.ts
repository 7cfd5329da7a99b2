import type { Timers } from '@kv/storage';

import { levelEntriesPerTurn } from './limits.js';
import { type Range, rangeFrom, rangeOf, type RangeOptions } from './range.js';
import type { KvSnapshot } from './snapshot.js';
import type { EncodedEntry, View } from './view.js';
import type { Views } from './views.js';

/** What abstract-level hands to an iterator, as far as it is read here. */
export interface CursorOptions extends RangeOptions {
  readonly snapshot?: KvSnapshot | null | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface CursorContext {
  readonly views: Views;
  readonly timers: Pick<Timers, 'nextTurn'>;
}

/** What the three kinds of iterators have in common: a place in a view. */
export class Cursor {
  readonly #context: CursorContext;
  readonly #view: View;
  /** The view is closed with the cursor, unless it belongs to a snapshot. */
  readonly #ownsView: boolean;
  readonly #range: Range;
  readonly #values: boolean;
  readonly #signal: AbortSignal | undefined;
  #entries: Generator<EncodedEntry, void> | undefined;
  #givenInTurn = 0;

  constructor(context: CursorContext, options: CursorOptions, { values }: { readonly values: boolean }) {
    this.#context = context;
    const snapshot = options.snapshot ?? undefined;
    this.#ownsView = snapshot === undefined;
    this.#view = snapshot?.view ?? context.views.open();
    this.#range = rangeOf(options);
    this.#values = values;
    this.#signal = options.signal ?? undefined;
    this.#entries = this.#view.entries(this.#range, { values });
  }

  /** Up to so many entries; fewer only at the end. Lets others have their turn every so often. */
  async read(size: number): Promise<EncodedEntry[]> {
    // An abort that follows the call in the same turn counts.
    if (this.#signal !== undefined) await Promise.resolve();
    this.#throwIfAborted();
    const given: EncodedEntry[] = [];
    while (given.length < size) {
      const next = this.#entries?.next();
      if (next === undefined || next.done === true) break;
      given.push(next.value);
      this.#givenInTurn += 1;
      if (this.#givenInTurn >= levelEntriesPerTurn) await this.#pause();
    }
    return given;
  }

  seek(target: Uint8Array): void {
    this.#entries?.return();
    const range = rangeFrom(this.#range, target);
    this.#entries = range === undefined ? undefined : this.#view.entries(range, { values: this.#values });
  }

  close(): void {
    this.#entries?.return();
    this.#entries = undefined;
    if (this.#ownsView) this.#context.views.close(this.#view);
  }

  async #pause(): Promise<void> {
    this.#givenInTurn = 0;
    await new Promise<void>((resolve) => {
      this.#context.timers.nextTurn(resolve);
    });
    this.#throwIfAborted();
  }

  #throwIfAborted(): void {
    if (this.#signal?.aborted === true) throw new AbortError();
  }
}

/** As abstract-level's own, which it does not export. */
class AbortError extends Error {
  override readonly name = 'AbortError';
  readonly code = 'LEVEL_ABORTED';

  constructor() {
    super('Operation has been aborted');
  }
}
