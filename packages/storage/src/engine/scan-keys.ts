import type { StoredRecord } from './engine.js';
import type { KeyOrder } from '../memory/key-order.js';
import type { KeyRange } from '../memory/key-range.js';
import type { SegmentedMemory } from '../memory/segmented-memory.js';

/** Records of the keys of an order that are in the range, each read when its turn comes; writes may go on meanwhile. */
export function* scanKeys(
  memory: SegmentedMemory,
  orderOf: () => KeyOrder,
  range: KeyRange,
): Generator<StoredRecord, void> {
  let last: Uint8Array | undefined;
  for (let count = keysAtOnceMin; ; count = keysAtOnceMax) {
    const keys: Uint8Array[] = [];
    for (const key of range.in(orderOf().keys(), last)) {
      // The list's own is good only until it changes.
      keys.push(key.slice());
      if (keys.length === count) break;
    }
    for (const key of keys) {
      const location = memory.find(key);
      if (location === 0) continue;
      yield { record: memory.viewAt(location), position: memory.positionAt(location) };
    }
    if (keys.length < count) return;
    last = keys.at(-1);
  }
}

/** Whoever wants one record only does not wait for many. */
const keysAtOnceMin = 4;
const keysAtOnceMax = 64;
