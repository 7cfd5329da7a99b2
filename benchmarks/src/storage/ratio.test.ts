import { describe, expect, it } from '@jest/globals';

import { median, ratios, spreadOf } from './ratio.js';

describe('ratios of alternating measurements', () => {
  it('are taken round by round', () => {
    // The second round ran on a machine half as fast.
    expect(ratios([30, 15], [10, 5])).toEqual([3, 3]);
    expect(ratios([30, 15, 15], [10, 5])).toEqual([3, 3]);
  });

  it('have a median and a spread', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(spreadOf([3, 1, 2])).toEqual({ median: 2, least: 1, most: 3 });
  });
});
