import type { RangeOptions } from '@kv/storage';

/** What abstract-level hands over: bounds encoded; `limit` is counted by the iterators themselves. */
export interface LevelRange {
  readonly gt?: Uint8Array | undefined;
  readonly gte?: Uint8Array | undefined;
  readonly lt?: Uint8Array | undefined;
  readonly lte?: Uint8Array | undefined;
  readonly reverse: boolean;
}

/** For the store: at most one bound at each end. */
export type Range = Pick<RangeOptions<Uint8Array>, 'gt' | 'gte' | 'lt' | 'lte' | 'reverse'>;

/**
 * Where both are given, Level lets `gte` precede `gt`, and `lte` precede `lt`, whichever is narrower. Copies: an
 * application may use its buffers again while the iterator is open, and seek in it.
 */
export function rangeOf({ gt, gte, lt, lte, reverse }: LevelRange): Range {
  return {
    ...(gte === undefined ? { gt: copyOf(gt) } : { gte: copyOf(gte) }),
    ...(lte === undefined ? { lt: copyOf(lt) } : { lte: copyOf(lte) }),
    reverse,
  };
}

function copyOf(bytes: Uint8Array | undefined): Uint8Array | undefined {
  return bytes === undefined ? undefined : Uint8Array.from(bytes);
}

/** The part of the range from this key on, in its direction; undefined if the key lies outside, as Level wants it. */
export function rangeFrom(range: Range, key: Uint8Array): Range | undefined {
  if (!isWithin(range, key)) return undefined;
  return range.reverse === true
    ? { ...range, lt: undefined, lte: copyOf(key) }
    : { ...range, gt: undefined, gte: copyOf(key) };
}

function isWithin({ gt, gte, lt, lte }: Range, key: Uint8Array): boolean {
  return (
    (gt === undefined || Buffer.compare(key, gt) > 0) &&
    (gte === undefined || Buffer.compare(key, gte) >= 0) &&
    (lt === undefined || Buffer.compare(key, lt) < 0) &&
    (lte === undefined || Buffer.compare(key, lte) <= 0)
  );
}
