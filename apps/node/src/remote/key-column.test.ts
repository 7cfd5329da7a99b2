import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { fromKeys, toKeys } from './key-column.js';

describe('a column of keys', () => {
  it('comes back as it was', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 600 })), (keys) => {
        expect(toKeys(fromKeys(keys)).map((key) => [...key])).toEqual(keys.map((key) => [...key]));
      }),
    );
  });

  it('that is cut short anywhere is refused, or ends with a whole key', () => {
    const column = fromKeys([Buffer.from('abc'), Buffer.from(''), Buffer.alloc(300, 1)]);
    const whole = [0, 5, 7, column.length];
    for (let length = 0; length <= column.length; length += 1) {
      const cut = column.subarray(0, length);
      if (whole.includes(length)) expect(toKeys(cut)).toHaveLength(whole.indexOf(length));
      else expect(() => toKeys(cut)).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
    }
  });
});
