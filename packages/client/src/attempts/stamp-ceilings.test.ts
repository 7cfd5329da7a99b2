import { describe, expect, it } from '@jest/globals';
import { plusMs, timestampOf } from '@kv/hlc';

import { createStampCeilings } from './stamp-ceilings.js';

const now = timestampOf(Date.UTC(2026, 0, 1));
const key = Uint8Array.of(1);

describe('stamp ceilings', () => {
  it('keep the largest of a key', () => {
    const ceilings = createStampCeilings();
    for (const ms of [300, 400, 200]) ceilings.abandoned(key, { ceiling: plusMs(now, ms), now });
    expect(ceilings.above(Uint8Array.of(1), now)).toBe(plusMs(now, 400));
    expect(ceilings.above(Uint8Array.of(2), now)).toBe(0);
  });

  it('go only with a write acknowledged above them', () => {
    const ceilings = createStampCeilings();
    const ceiling = plusMs(now, 400);
    ceilings.abandoned(key, { ceiling, now });
    ceilings.acknowledged(key, ceiling);
    expect(ceilings.above(key, now)).toBe(ceiling);
    ceilings.acknowledged(key, ceiling + 1);
    expect(ceilings.above(key, now)).toBe(0);
  });

  it('go when time is more than two seconds past them', () => {
    const ceilings = createStampCeilings();
    ceilings.abandoned(key, { ceiling: now, now });
    expect(ceilings.above(key, plusMs(now, 2_000))).toBe(now);
    expect(ceilings.above(key, plusMs(now, 2_001))).toBe(0);
  });

  it('are remembered, the greatest of those that went', () => {
    const ceilings = createStampCeilings();
    expect(ceilings.forgotten).toBe(0);
    const [first, second] = [plusMs(now, 400), plusMs(now, 300)];
    ceilings.abandoned(key, { ceiling: first, now });
    ceilings.abandoned(Buffer.from('other'), { ceiling: second, now });
    expect(ceilings.forgotten).toBe(0);
    ceilings.above(key, plusMs(now, 2_401));
    expect(ceilings.forgotten).toBe(first);
    ceilings.abandoned(key, { ceiling: plusMs(now, 2_800), now: plusMs(now, 2_401) });
    expect(ceilings.forgotten).toBe(first);
    ceilings.abandoned(key, { ceiling: plusMs(now, 2_900), now: plusMs(now, 5_000) });
    expect(ceilings.forgotten).toBe(plusMs(now, 2_800));
  });

  it('do not pile up when every write of a fresh key is abandoned', () => {
    const ceilings = createStampCeilings();
    for (let i = 0; i < 10_000; i += 1) {
      const then = plusMs(now, i);
      ceilings.abandoned(Buffer.from(String(i)), { ceiling: plusMs(then, 400), now: then });
    }
    expect(ceilings.size).toBeLessThan(2_500);
  });
});
