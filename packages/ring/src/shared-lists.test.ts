import { describe, expect, it } from '@jest/globals';

import { sharedLists } from './shared-lists.js';

describe('shared lists', () => {
  it('are equal to those that were given, and the same where those are equal, order included', () => {
    const given = [[1, 2], [2, 1], [1, 2], [12], []];
    const shared = sharedLists(given);
    expect(shared).toEqual(given);
    expect(shared[2]).toBe(shared[0]);
    expect(new Set(shared).size).toBe(4);
  });
});
