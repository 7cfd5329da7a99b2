import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import {
  claim,
  claimInOrder,
  movedShares,
  preferenceList,
  sharesByMember,
  type Assignment,
  type RingMember,
} from './index.js';

const invalid = expect.objectContaining({ code: 'invalid-argument' });
const options = { partitions: 64, replicationFactor: 3 };

function members(count: number): RingMember[] {
  return Array.from({ length: count }, (_, index) => ({ id: `node${index + 1}`, number: index + 1 }));
}

const replicasOf = (assignment: Assignment, number: number) =>
  sharesByMember(assignment).get(number)?.replicas ?? 0;

describe('claim: few members', () => {
  it('one member owns everything once', () => {
    const alone = claim(undefined, { ...options, members: members(1) });
    expect(alone.owners).toHaveLength(64 * 3);
    expect(preferenceList(alone, 63)).toEqual([1]);
    expect(sharesByMember(alone)).toEqual(new Map([[1, { replicas: 64, primaries: 64 }]]));
  });

  it('with fewer members than replicas everybody owns everything, primaries even', () => {
    const two = claim(undefined, { ...options, members: members(2) });
    const share = { replicas: 64, primaries: 32 };
    expect(sharesByMember(two)).toEqual(
      new Map([
        [1, share],
        [2, share],
      ]),
    );
  });

  it('a third member joining two moves only what it gets; leaving again moves nothing', () => {
    const two = claim(undefined, { ...options, members: members(2) });
    const three = claim(two, { ...options, members: members(3) });
    expect(movedShares(two, three)).toBe(64);
    expect(replicasOf(three, 3)).toBe(64);
    expect(movedShares(three, claim(three, { ...options, members: members(2) }))).toBe(0);
  });

  it('a single partition works', () => {
    const one = claim(undefined, { partitions: 1, replicationFactor: 3, members: members(5) });
    expect(new Set(preferenceList(one, 0)).size).toBe(3);
  });
});

describe('claim: a pure function', () => {
  it('changes nothing that it is given', () => {
    const before = claim(undefined, { ...options, members: members(4) });
    const copy = before.owners.slice();
    const given = Object.freeze(members(5).map((member) => Object.freeze(member)));
    claim(before, { ...options, members: given });
    expect(before.owners).toEqual(copy);
  });

  it('the order of the members does not matter', () => {
    const before = claim(undefined, { ...options, members: members(6) });
    fc.assert(
      fc.property(fc.shuffledSubarray(members(7), { minLength: 7 }), (shuffled) => {
        expect(claim(before, { ...options, members: shuffled })).toEqual(
          claim(before, { ...options, members: members(7) }),
        );
      }),
    );
  });

  it('without a change nothing changes, primaries included', () => {
    const before = claim(undefined, { ...options, members: members(7) });
    expect(claim(before, { ...options, members: members(7) })).toEqual(before);
  });

  it('gives the same on every machine: a committed example', () => {
    const { owners } = claimInOrder(members(5), { partitions: 8, replicationFactor: 3 });
    expect([...owners].join(' ')).toBe('3 2 1 4 1 2 1 4 3 5 3 1 1 4 5 2 5 3 4 3 2 2 5 4');
  });
});

describe('claim: factor, weights, zones', () => {
  it('a larger factor adds replicas, a smaller one drops them, neither moves others', () => {
    const three = claim(undefined, { ...options, members: members(8) });
    const four = claim(three, { ...options, replicationFactor: 4, members: members(8) });
    expect(movedShares(three, four)).toBe(64);
    expect(movedShares(four, claim(four, { ...options, members: members(8) }))).toBe(0);
  });

  it('shares follow weights', () => {
    const weighted = members(6).map((member, index) => ({ ...member, weight: index < 2 ? 2 : 1 }));
    const assignment = claim(undefined, { ...options, members: weighted });
    expect([1, 2, 3, 4, 5, 6].map((number) => replicasOf(assignment, number))).toEqual([
      48, 48, 24, 24, 24, 24,
    ]);
  });

  it('a member too heavy holds everything once, the others share the rest', () => {
    const heavy = members(5).map((member, index) => ({ ...member, weight: index === 0 ? 1_000 : 1 }));
    const assignment = claim(undefined, { ...options, members: heavy });
    expect([1, 2, 3, 4, 5].map((number) => replicasOf(assignment, number))).toEqual([64, 32, 32, 32, 32]);
  });

  it('a changed weight moves only the difference', () => {
    const before = claim(undefined, { ...options, members: members(6) });
    const heavier = members(6).map((member) => (member.number === 1 ? { ...member, weight: 2 } : member));
    const after = claim(before, { ...options, members: heavier });
    expect(movedShares(before, after)).toBe(replicasOf(after, 1) - replicasOf(before, 1));
  });

  it('as many zones as replicas: every zone has each partition once, though one zone is small', () => {
    const zoned = members(7).map((member, index) => ({
      ...member,
      zone: index === 0 ? 'a' : index < 4 ? 'b' : 'c',
    }));
    const assignment = claim(undefined, { ...options, members: zoned });
    for (let partition = 0; partition < 64; partition += 1) {
      const zones = preferenceList(assignment, partition).map((number) => zoned[number - 1]!.zone);
      expect([...zones].sort()).toEqual(['a', 'b', 'c']);
    }
    expect(replicasOf(assignment, 1)).toBe(64);
  });

  it('two zones for three replicas: no zone has all three', () => {
    const zoned = members(6).map((member, index) => ({ ...member, zone: index < 3 ? 'a' : 'b' }));
    const assignment = claim(undefined, { ...options, members: zoned });
    for (let partition = 0; partition < 64; partition += 1) {
      const inA = preferenceList(assignment, partition).filter((number) => number <= 3).length;
      expect([1, 2]).toContain(inA);
    }
  });

  it('members without a zone are zones of their own', () => {
    const assignment = claim(undefined, { ...options, members: members(4) });
    expect(replicasOf(assignment, 1)).toBe(48);
  });
});

describe('claimInOrder', () => {
  it('does not depend on the order given', () => {
    const list = members(12);
    expect(claimInOrder([...list].reverse(), options)).toEqual(claimInOrder(list, options));
  });

  it('is the replay of joins in the order of ids', () => {
    const list = members(3);
    let replayed: Assignment | undefined;
    for (let count = 1; count <= 3; count += 1) {
      replayed = claim(replayed, { ...options, members: list.slice(0, count) });
    }
    expect(claimInOrder(list, options)).toEqual(replayed);
  });
});

describe('claim: invalid input', () => {
  it.each([0, 3, 1_000, -8, 1.5, Number.NaN, 131_072])('%d partitions are refused', (partitions) => {
    expect(() => claim(undefined, { partitions, replicationFactor: 3, members: members(3) })).toThrow(
      invalid,
    );
    expect(() => claimInOrder(members(3), { partitions, replicationFactor: 3 })).toThrow(invalid);
  });

  it.each([0, -1, 0.5, 16, Number.NaN])('replication factor %d is refused', (replicationFactor) => {
    expect(() => claim(undefined, { partitions: 64, replicationFactor, members: members(3) })).toThrow(
      invalid,
    );
  });

  it.each<[string, RingMember[], RegExp]>([
    ['nobody', [], /empty/],
    ['an id twice', [...members(2), { id: 'node1', number: 9 }], /node1/],
    ['a number twice', [...members(2), { id: 'x', number: 2 }], /number 2/],
    ['an empty id', [{ id: '', number: 1 }], /empty id/],
    ['number 0', [{ id: 'x', number: 0 }], /1 to 65535/],
    ['number 65536', [{ id: 'x', number: 65_536 }], /1 to 65535/],
    ['a fractional number', [{ id: 'x', number: 1.5 }], /1 to 65535/],
    ['weight 0', [{ id: 'x', number: 1, weight: 0 }], /weight of member "x"/],
    ['a negative weight', [{ id: 'x', number: 1, weight: -1 }], /weight/],
    ['an infinite weight', [{ id: 'x', number: 1, weight: Number.POSITIVE_INFINITY }], /weight/],
    ['a weight that is no number', [{ id: 'x', number: 1, weight: Number.NaN }], /weight/],
  ])('members with %s are refused', (_, list, message) => {
    expect(() => claim(undefined, { ...options, members: list })).toThrow(invalid);
    expect(() => claimInOrder(list, options)).toThrow(message);
  });

  it.each<[string, Partial<Assignment>, RegExp]>([
    ['another number of partitions', { partitions: 32, owners: new Uint16Array(96) }, /fixed for the life/],
    ['too few owners', { owners: new Uint16Array(64) }, /damaged/],
    ['an owner twice', { owners: new Uint16Array(192).fill(7) }, /damaged/],
    ['a gap', { owners: new Uint16Array(192).fill(7, 1, 2) }, /damaged/],
    ['a bad factor', { replicationFactor: 0 }, /replicationFactor/],
  ])('a previous assignment with %s is refused', (_, wrong, message) => {
    const previous = { ...claim(undefined, { ...options, members: members(3) }), ...wrong };
    expect(() => claim(previous, { ...options, members: members(3) })).toThrow(message);
    expect(() => claim(previous, { ...options, members: members(3) })).toThrow(invalid);
  });

  it('wrong types are TypeErrors', () => {
    const wrong = (value: unknown) => value as never;
    const good = { ...options, members: members(3) };
    expect(() => claim(undefined, { ...good, partitions: wrong('64') })).toThrow(TypeError);
    expect(() => claim(undefined, { ...good, replicationFactor: wrong(null) })).toThrow(TypeError);
    expect(() => claim(undefined, { ...good, members: wrong({}) })).toThrow(TypeError);
    expect(() => claim(undefined, { ...good, members: wrong([{ id: 5, number: 1 }]) })).toThrow(TypeError);
    expect(() => claim(undefined, { ...good, members: wrong([{ id: 'x', number: '1' }]) })).toThrow(
      TypeError,
    );
    expect(() => claim(undefined, { ...good, members: wrong([null]) })).toThrow(TypeError);
    expect(() =>
      claim(undefined, { ...good, members: wrong([{ id: 'x', number: 1, weight: '2' }]) }),
    ).toThrow(TypeError);
    expect(() => claim(undefined, { ...good, members: wrong([{ id: 'x', number: 1, zone: 2 }]) })).toThrow(
      TypeError,
    );
    expect(() => claim({ ...options, owners: wrong([1, 2]) }, good)).toThrow(TypeError);
  });
});
