import { describe, expect, it } from '@jest/globals';

import { writesToKeepTo } from '../limits.js';
import { slotOf, WritesUnderWay } from './writes-under-way.js';

const slot = slotOf(0xffff_ffff);

function keptTo(place: number): WritesUnderWay {
  const writes = new WritesUnderWay();
  for (let count = 1; count < writesToKeepTo; count += 1) writes.begin(slot, place + count);
  expect(writes.placeOf(slot)).toBeUndefined();
  writes.begin(slot, place);
  return writes;
}

describe('the writes under way', () => {
  it('keep their key to the node of the one that made it many, until none is left', () => {
    const writes = keptTo(0);
    expect(writes.placeOf(slot)).toBe(0);
    writes.begin(slot, 7);
    for (let count = 0; count < writesToKeepTo; count += 1) writes.end(slot);
    expect(writes.placeOf(slot)).toBe(0);
    writes.end(slot);
    expect(writes.placeOf(slot)).toBeUndefined();
  });

  it('say nothing of other keys, and nothing of a key that is written now and then', () => {
    const writes = keptTo(2);
    expect(writes.placeOf(slotOf(0))).toBeUndefined();
    for (let round = 0; round < 2 * writesToKeepTo; round += 1) {
      writes.begin(slotOf(1), 1);
      writes.end(slotOf(1));
    }
    expect(writes.placeOf(slotOf(1))).toBeUndefined();
  });
});
