import { describe, expect, it } from '@jest/globals';

import { createQuorumWatch } from './quorum-watch.js';

describe('the watch for a quorum', () => {
  it('needs one of every partition', () => {
    const lists = [
      [1, 2, 3],
      [3, 4, 5],
      [2, 1, 5],
    ];
    const watch = createQuorumWatch(lists, { replicationFactor: 3 });
    expect([1, 2, 2, 3].map((member) => watch.answered(member))).toEqual([false, false, false, false]);
    expect(watch.answered(5)).toBe(true);
    expect(watch.answered(1)).toBe(true);
  });

  it('is content with itself in a cluster of one', () => {
    expect(createQuorumWatch([[1], [1]], { replicationFactor: 1 }).answered(1)).toBe(true);
  });

  it('needs both of two', () => {
    const watch = createQuorumWatch(
      [
        [1, 2],
        [2, 1],
      ],
      { replicationFactor: 2 },
    );
    expect([watch.answered(1), watch.answered(2)]).toEqual([false, true]);
  });
});
