import type { ScanOptions } from '../engine/engine.js';
import { compareBytes } from '../record/compare-bytes.js';
import type { OrderedKeys } from './ordered-keys.js';

/** Where a range begins or ends; the key itself belongs to it unless `open`. */
interface Bound {
  readonly key: Uint8Array;
  readonly open: boolean;
}

/** A range of keys, gone through in one direction. */
export class KeyRange {
  readonly reverse: boolean;
  readonly #lower: Bound | undefined;
  readonly #upper: Bound | undefined;

  constructor({ prefix, from, after, before, through, reverse = false }: ScanOptions) {
    this.reverse = reverse;
    const lowers = [closed(from), opened(after), closed(prefix)];
    const uppers = [closed(through), opened(before), prefix === undefined ? undefined : endOfPrefix(prefix)];
    this.#lower = lowers.reduce((a, b) =>
      a === undefined || (b !== undefined && compareLowers(b, a) > 0) ? b : a,
    );
    this.#upper = uppers.reduce((a, b) =>
      a === undefined || (b !== undefined && compareUppers(b, a) < 0) ? b : a,
    );
  }

  /** Those of the list that are in the range, behind `last` if given. Only good until the list changes. */
  *in(list: OrderedKeys, last: Uint8Array | undefined): Generator<Uint8Array, void> {
    const [begin, end] = this.reverse ? [this.#upper, this.#lower] : [this.#lower, this.#upper];
    const start = last ?? begin?.key;
    const after = last !== undefined || begin?.open === true;
    const keys = this.reverse ? list.downFrom(start, { after }) : list.from(start, { after });
    const sign = this.reverse ? -1 : 1;
    for (const key of keys) {
      if (end !== undefined) {
        const order = sign * compareBytes(key, end.key);
        if (order > 0 || (order === 0 && end.open)) return;
      }
      yield key;
    }
  }
}

function closed(key: Uint8Array | undefined): Bound | undefined {
  return key === undefined ? undefined : { key, open: false };
}

function opened(key: Uint8Array | undefined): Bound | undefined {
  return key === undefined ? undefined : { key, open: true };
}

/** The first key that is above all that begin so; undefined if there is none. */
function endOfPrefix(prefix: Uint8Array): Bound | undefined {
  const at = prefix.findLastIndex((byte) => byte !== 0xff);
  if (at < 0) return undefined;
  // A copy: `slice` of a Buffer is a view, and the caller would see its own prefix change.
  const key = Uint8Array.from(prefix.subarray(0, at + 1));
  key[at]! += 1;
  return { key, open: true };
}

function compareLowers(a: Bound, b: Bound): number {
  return compareBytes(a.key, b.key) || Number(a.open) - Number(b.open);
}

function compareUppers(a: Bound, b: Bound): number {
  return compareBytes(a.key, b.key) || Number(b.open) - Number(a.open);
}
