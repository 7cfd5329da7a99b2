import { describe, expect, it } from '@jest/globals';

import { hotKeyWrites, hotSampleOperations } from '../limits.js';
import { HotKeys, slotOf } from './hot-keys.js';

const hot = slotOf(0xffff_ffff);
const other = slotOf(1);

function withHotKey(): HotKeys {
  const keys = new HotKeys();
  for (let count = 0; count < hotKeyWrites; count += 1) {
    expect(keys.goesHome(hot)).toBe(false);
    keys.beginWrite(hot);
  }
  return keys;
}

describe('hot keys', () => {
  it('are those with several writes under way, until none is left', () => {
    const keys = withHotKey();
    expect(keys.goesHome(hot)).toBe(true);
    expect(keys.goesHome(other)).toBe(false);
    for (let count = 1; count < hotKeyWrites; count += 1) keys.endWrite(hot);
    expect(keys.goesHome(hot)).toBe(true);
    keys.endWrite(hot);
    expect(keys.goesHome(hot)).toBe(false);
  });

  it('take all others with them where many operations are of them, and as long', () => {
    const keys = withHotKey();
    const sample = (every: number): void => {
      for (let count = 0; count < hotSampleOperations; count += 1) {
        keys.goesHome(count % every === 0 ? hot : other);
      }
    };
    sample(100);
    expect(keys.goesHome(other)).toBe(false);
    sample(5);
    expect(keys.goesHome(other)).toBe(true);
    sample(100);
    sample(100);
    expect(keys.goesHome(other)).toBe(false);
  });
});
