import type { KvStore } from '@kv/storage';

import type { Bound, Range } from './range.js';
import { SortedKeys } from './sorted-keys.js';

export type Store = KvStore<'binary', 'binary'>;

/** An encoded key, and its value if it was asked for. */
export type EncodedEntry = [key: Buffer, value: Buffer | undefined];

/**
 * The store as of one moment, while writes go on. The store itself shows the present only, and it has one writer, the
 * database that owns it; so whoever writes says beforehand what it is about to replace, and each open view keeps the
 * value that a key had, once, when it first changes. A view costs nothing to open, and memory for what changed since.
 *
 * Reading one key: what was kept, or else the present. Iterating: the present, in order, merged with the kept keys, which
 * come first where both have a key. Nothing else is needed, because a key that is not kept has not changed since the view
 * was opened, so that it does not matter when the iteration reads it: also one read ahead is right, as long as the kept
 * keys are looked at only when the entry is given out.
 */
export class View {
  readonly #store: Store;
  /** Values before their first change since, undefined = there was none. */
  readonly #kept = new Map<string, Buffer | undefined>();
  readonly #keptKeys = new SortedKeys();

  constructor(store: Store) {
    this.#store = store;
  }

  get isUnchanged(): boolean {
    return this.#kept.size === 0;
  }

  /** The key is about to change: the first time, its value is taken from `present`. */
  keep(name: string, present: () => Buffer | undefined): void {
    if (this.#kept.has(name)) return;
    this.#kept.set(name, present());
    this.#keptKeys.add(name);
  }

  get(key: Uint8Array): Buffer | undefined {
    if (!this.isUnchanged) {
      const name = nameOf(key);
      if (this.#kept.has(name)) return this.#kept.get(name);
    }
    return bufferOf(this.#store.get(key));
  }

  has(key: Uint8Array): boolean {
    const kept = this.isUnchanged ? undefined : nameOf(key);
    if (kept !== undefined && this.#kept.has(kept)) return this.#kept.get(kept) !== undefined;
    return this.#store.has(key);
  }

  /** Ends with `return()`, if not by itself: the store keeps what it iterates over. */
  *entries(range: Range, { values }: { readonly values: boolean }): Generator<EncodedEntry, void> {
    const present = presentEntries(this.#store, range, { values });
    try {
      let ahead = present.next();
      let last: Buffer | undefined;
      while (true) {
        const entry = ahead.done === true ? undefined : ahead.value;
        const name = this.#nextKept(range, last);
        const order = name === undefined ? 1 : orderOf(name, entry?.[0], range);
        if (order > 0) {
          if (entry === undefined) return;
          last = entry[0];
          ahead = present.next();
          yield entry;
          continue;
        }
        last = Buffer.from(name!, 'latin1');
        const value = this.#kept.get(name!);
        if (order === 0) ahead = present.next();
        if (value !== undefined) yield [last, values ? value : undefined];
      }
    } finally {
      present.return();
    }
  }

  /** The next kept key of the range behind the last one given. */
  #nextKept(range: Range, last: Buffer | undefined): string | undefined {
    if (this.isUnchanged) return undefined;
    const { lower, upper, reverse } = range;
    const start: Bound | undefined =
      last === undefined ? (reverse ? upper : lower) : { key: last, inclusive: false };
    const inclusive = start?.inclusive ?? true;
    const from = start === undefined ? undefined : nameOf(start.key);
    const name = reverse
      ? this.#keptKeys.below(from, { inclusive })
      : this.#keptKeys.above(from ?? '', { inclusive });
    const end = reverse ? lower : upper;
    if (name === undefined || end === undefined) return name;
    const endName = nameOf(end.key);
    if (name === endName) return end.inclusive ? name : undefined;
    return name < endName === reverse ? undefined : name;
  }
}

function* presentEntries(
  store: Store,
  { lower, upper, reverse }: Range,
  { values }: { readonly values: boolean },
): Generator<EncodedEntry, void> {
  const range = {
    ...(lower === undefined ? {} : { [lower.inclusive ? 'gte' : 'gt']: lower.key }),
    ...(upper === undefined ? {} : { [upper.inclusive ? 'lte' : 'lt']: upper.key }),
    reverse,
  };
  if (values) {
    for (const [key, value] of store.entries(range)) yield [bufferOf(key), bufferOf(value)];
  } else {
    for (const key of store.keys(range)) yield [bufferOf(key), undefined];
  }
}

/** Below zero if the kept key comes first in the range's direction. */
function orderOf(name: string, key: Buffer | undefined, { reverse }: Range): number {
  if (key === undefined) return -1;
  const other = nameOf(key);
  if (name === other) return 0;
  return name < other === reverse ? 1 : -1;
}

/** A key as a string of one character a byte. */
export function nameOf(key: Uint8Array): string {
  return bufferOf(key).toString('latin1');
}

export function bufferOf(bytes: Uint8Array): Buffer;
export function bufferOf(bytes: Uint8Array | undefined): Buffer | undefined;
export function bufferOf(bytes: Uint8Array | undefined): Buffer | undefined {
  return bytes === undefined ? undefined : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
