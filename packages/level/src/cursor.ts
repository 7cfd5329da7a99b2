import type { Entries } from '@kv/storage';

import { type LevelRange, type Range, rangeFrom, rangeOf } from './range.js';
import type { KvSnapshot } from './snapshot.js';
import type { Store, StoreView } from './store.js';

/** What abstract-level hands to an iterator, as far as it is read here. */
export interface CursorOptions extends LevelRange {
  readonly snapshot?: KvSnapshot | null | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What the three kinds of iterators have in common: a place in a view. */
export class Cursor<Item> {
  readonly #view: StoreView;
  /** The view is closed with the cursor, unless it belongs to a snapshot. */
  readonly #ownsView: boolean;
  readonly #range: Range;
  /** What it is yet to show; undefined = nothing. */
  #left: Range | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #itemsOf: (view: StoreView, range: Range) => Entries<Item>;
  #items: AsyncIterator<Item> | undefined;

  /** @param itemsOf entries, keys or values of a range */
  constructor(
    store: Store,
    options: CursorOptions,
    itemsOf: (view: StoreView, range: Range) => Entries<Item>,
  ) {
    const snapshot = options.snapshot ?? undefined;
    this.#ownsView = snapshot === undefined;
    this.#view = snapshot?.view ?? store.view();
    this.#range = rangeOf(options);
    this.#signal = options.signal ?? undefined;
    this.#itemsOf = itemsOf;
    this.#left = this.#range;
  }

  /** Up to so many; fewer only at the end. The store lets others have their turn every so often. */
  async read(size: number): Promise<Item[]> {
    // An abort that follows the call in the same turn counts.
    if (this.#signal !== undefined) await Promise.resolve();
    this.#throwIfAborted();
    const items: Item[] = [];
    if (this.#left === undefined) return items;
    // Not before: abstract-level makes iterators of closed snapshots, too, and refuses to read them.
    const from = (this.#items ??= this.#itemsOf(this.#view, this.#left)[Symbol.asyncIterator]());
    while (items.length < size) {
      const next = await from.next();
      this.#throwIfAborted();
      if (next.done === true) break;
      items.push(next.value);
    }
    return items;
  }

  seek(target: Uint8Array): void {
    this.#goTo(rangeFrom(this.#range, target));
  }

  close(): void {
    this.#goTo(undefined);
    if (this.#ownsView) this.#view.close();
  }

  #goTo(range: Range | undefined): void {
    void this.#items?.return?.();
    this.#items = undefined;
    this.#left = range;
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
