/** What abstract-level hands over: bounds encoded; `limit` is counted by the iterators themselves. */
export interface RangeOptions {
  readonly gt?: Uint8Array | undefined;
  readonly gte?: Uint8Array | undefined;
  readonly lt?: Uint8Array | undefined;
  readonly lte?: Uint8Array | undefined;
  readonly reverse: boolean;
}

export interface Bound {
  readonly key: Uint8Array;
  readonly inclusive: boolean;
}

export interface Range {
  readonly lower: Bound | undefined;
  readonly upper: Bound | undefined;
  readonly reverse: boolean;
}

/** Where both are given, Level lets `gte` precede `gt`, and `lte` precede `lt`, whichever is narrower. */
export function rangeOf({ gt, gte, lt, lte, reverse }: RangeOptions): Range {
  return { lower: boundOf(gte, gt), upper: boundOf(lte, lt), reverse };
}

/** Copies: an application may use its buffer again while the iterator is open. */
function boundOf(inclusive: Uint8Array | undefined, exclusive: Uint8Array | undefined): Bound | undefined {
  if (inclusive !== undefined) return { key: Buffer.from(inclusive), inclusive: true };
  return exclusive === undefined ? undefined : { key: Buffer.from(exclusive), inclusive: false };
}

/** The part of the range from this key on, in its direction; undefined if the key lies outside, as Level wants it. */
export function rangeFrom(range: Range, key: Uint8Array): Range | undefined {
  if (!isWithin(range, key)) return undefined;
  const bound: Bound = { key, inclusive: true };
  return range.reverse ? { ...range, upper: bound } : { ...range, lower: bound };
}

function isWithin({ lower, upper }: Range, key: Uint8Array): boolean {
  if (lower !== undefined) {
    const order = Buffer.compare(key, lower.key);
    if (order < 0 || (order === 0 && !lower.inclusive)) return false;
  }
  if (upper !== undefined) {
    const order = Buffer.compare(key, upper.key);
    if (order > 0 || (order === 0 && !upper.inclusive)) return false;
  }
  return true;
}
