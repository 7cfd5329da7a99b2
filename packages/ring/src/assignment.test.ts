import { describe, expect, it } from '@jest/globals';

import { movedShares, preferenceList, sharesByMember, type Assignment } from './index.js';

const invalid = expect.objectContaining({ code: 'invalid-argument' });
const assignment = (owners: number[]): Assignment => ({
  partitions: 2,
  replicationFactor: 3,
  owners: Uint16Array.from(owners),
});

describe('assignment', () => {
  it('a preference list is in order and leaves out nobody', () => {
    expect(preferenceList(assignment([3, 1, 0, 1, 3, 0]), 0)).toEqual([3, 1]);
    expect(preferenceList(assignment([3, 1, 2, 1, 3, 4]), 1)).toEqual([1, 3, 4]);
  });

  it.each([-1, 2, 0.5, Number.NaN])('partition %d does not exist', (partition) => {
    expect(() => preferenceList(assignment([1, 2, 3, 1, 2, 3]), partition)).toThrow(invalid);
  });

  it('moved shares: new pairs of partition and member, whatever the order', () => {
    const before = assignment([1, 2, 3, 1, 2, 3]);
    expect(movedShares(before, assignment([3, 2, 1, 2, 1, 3]))).toBe(0);
    expect(movedShares(before, assignment([3, 2, 4, 5, 1, 4]))).toBe(3);
    expect(movedShares(before, assignment([1, 0, 0, 1, 0, 0]))).toBe(0);
    const smaller = { partitions: 1, replicationFactor: 3, owners: new Uint16Array(3) };
    expect(() => movedShares(before, smaller)).toThrow(invalid);
  });

  it('shares by member count replicas and primaries', () => {
    expect(sharesByMember(assignment([9, 2, 3, 9, 2, 0]))).toEqual(
      new Map([
        [2, { replicas: 2, primaries: 0 }],
        [3, { replicas: 1, primaries: 0 }],
        [9, { replicas: 2, primaries: 2 }],
      ]),
    );
  });
});
