import type { KeyView } from '../memory/key-view.js';
import { entriesPerTurn } from '../limits.js';
import type { Clock, Timers } from '../ports.js';
import { isExpired, type RecordView } from '../record/record.js';

/**
 * Entries to be gone through once or more: by `for … of`, in one go, or by `for await … of`, which lets others have their
 * turn every so often. Each time begins anew, with what is there at that moment, and shows just that, whatever is written
 * meanwhile; only what expires is left out.
 */
export interface Entries<Item> extends Iterable<Item>, AsyncIterable<Item> {}

export interface EntriesOf<Item> {
  readonly open: () => KeyView;
  readonly item: (record: RecordView) => Item;
  readonly limit: number;
  readonly clock: Clock;
  readonly timers: Timers;
}

export function createEntries<Item>(of: EntriesOf<Item>): Entries<Item> {
  return {
    [Symbol.iterator]: () => new EntryIterator(of),
    [Symbol.asyncIterator]: () => new AsyncEntryIterator(of),
  };
}

/** The view is made when the iterator is, not when it is first asked: that is the moment it shows. */
class EntryIterator<Item> implements IterableIterator<Item, undefined> {
  readonly #of: EntriesOf<Item>;
  readonly #view: KeyView;
  #page: RecordView[] = [];
  #at = 0;
  #given = 0;

  constructor(of: EntriesOf<Item>) {
    this.#of = of;
    this.#view = of.open();
    if (of.limit <= 0) this.#view.close();
  }

  [Symbol.iterator](): this {
    return this;
  }

  /** One slice of what must be done before the next entry. @returns whether that is all */
  prepare(): boolean {
    return this.#at < this.#page.length || this.#view.prepare();
  }

  next(): IteratorResult<Item, undefined> {
    const { limit, clock, item } = this.#of;
    while (this.#given < limit) {
      if (this.#at === this.#page.length) {
        if (this.#view.done) break;
        this.#page = this.#view.next(Math.min(limit - this.#given, 2 * this.#given + 4, entriesPerTurn));
        this.#at = 0;
        continue;
      }
      const record = this.#page[this.#at]!;
      this.#at += 1;
      if (isExpired(record, clock.nowMs())) continue;
      this.#given += 1;
      return { done: false, value: item(record) };
    }
    return this.return();
  }

  return(): { done: true; value: undefined } {
    this.#view.close();
    this.#page = [];
    this.#at = 0;
    return { done: true, value: undefined };
  }
}

class AsyncEntryIterator<Item> implements AsyncIterableIterator<Item, undefined> {
  readonly #entries: EntryIterator<Item>;
  readonly #timers: Timers;
  #inTurn = 0;

  constructor(of: EntriesOf<Item>) {
    this.#entries = new EntryIterator(of);
    this.#timers = of.timers;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Item, undefined>> {
    for (let ready = false; !ready;) {
      if (this.#inTurn >= entriesPerTurn) await this.#turn();
      ready = this.#entries.prepare();
      this.#inTurn += ready ? 1 : entriesPerTurn;
    }
    return this.#entries.next();
  }

  return(): Promise<{ done: true; value: undefined }> {
    return Promise.resolve(this.#entries.return());
  }

  #turn(): Promise<void> {
    this.#inTurn = 0;
    return new Promise((resolve) => {
      this.#timers.nextTurn(resolve);
    });
  }
}
