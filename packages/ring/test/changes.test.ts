import { describe, expect, it } from '@jest/globals';
import { createSeededRandom, type SeededRandom } from '@kv/testing';
import fc from 'fast-check';

import {
  claim,
  movedShares,
  preferenceList,
  sharesByMember,
  type Assignment,
  type RingMember,
} from '../src/index.js';

/** A cluster of equal members through random joins and leaves; every change is judged by what stands in the architecture. */
function liveThrough(
  seed: number,
  scene: { membersMax: number; factor: number; partitions: number; changes: number },
) {
  const { membersMax, factor, partitions, changes } = scene;
  const random = createSeededRandom(seed);
  let number = 0;
  const joins = (members: readonly RingMember[]) => [...members, { id: `m${(number += 1)}`, number }];
  let members: readonly RingMember[] = [];
  while (members.length <= factor) members = joins(members);
  let now = claim(undefined, { members, partitions, replicationFactor: factor });
  for (let change = 0; change < changes; change += 1) {
    const before = now;
    const grows = members.length <= factor + 1 || (members.length < membersMax && random.below(2) === 0);
    const gone = grows ? undefined : random.pick(members);
    members = gone === undefined ? joins(members) : members.filter((member) => member !== gone);
    now = claim(before, { members, partitions, replicationFactor: factor });
    expectEven(now, members);
    if (gone === undefined) expectCheapJoin(before, now, members.length);
    else expectCheapLeave(before, now, gone);
  }
}

function expectEven(assignment: Assignment, members: readonly RingMember[]): void {
  const { partitions, replicationFactor } = assignment;
  const shares = [...sharesByMember(assignment).values()];
  expect(shares).toHaveLength(members.length);
  const replicas = shares.map((share) => share.replicas);
  expect(Math.max(...replicas) - Math.min(...replicas)).toBeLessThanOrEqual(1);
  expect(replicas.reduce((a, b) => a + b)).toBe(partitions * replicationFactor);
  const primariesMean = partitions / members.length;
  const primariesMax = Math.max(...shares.map((share) => share.primaries));
  // Whole partitions cannot be split: where the mean is small, the next whole number above it is the best there is.
  expect(primariesMax).toBeLessThanOrEqual(Math.max(1.15 * primariesMean, Math.ceil(primariesMean)));
  for (let partition = 0; partition < partitions; partition += 1) {
    const owners = preferenceList(assignment, partition);
    if (owners.length !== replicationFactor || new Set(owners).size !== owners.length) {
      throw new Error(`partition ${partition} has owners ${owners.join(' ')}`);
    }
  }
}

function expectCheapJoin(before: Assignment, after: Assignment, memberCount: number): void {
  const least = Math.floor((after.partitions * after.replicationFactor) / memberCount);
  expect(movedShares(before, after)).toBeLessThanOrEqual(Math.max(1.05 * least, least + 1));
}

function expectCheapLeave(before: Assignment, after: Assignment, gone: RingMember): void {
  const least = sharesByMember(before).get(gone.number)!.replicas;
  const left = sharesByMember(before).size - 1;
  const allowed = left + 1 >= 10 ? 1.05 : 1.2;
  expect(movedShares(before, after)).toBeLessThanOrEqual(allowed * least);

  const takes = new Map<number, number>();
  for (let partition = 0; partition < after.partitions; partition += 1) {
    const owned = preferenceList(before, partition);
    for (const number of preferenceList(after, partition)) {
      if (!owned.includes(number)) takes.set(number, (takes.get(number) ?? 0) + 1);
    }
  }
  expect(Math.max(...takes.values())).toBeLessThanOrEqual(Math.max(2, (2 * least) / left));
}

describe('random changes, equal members', () => {
  it.each([
    { membersMax: 6, factor: 3, partitions: 1_024, changes: 40 },
    { membersMax: 12, factor: 3, partitions: 1_024, changes: 40 },
    { membersMax: 40, factor: 3, partitions: 1_024, changes: 40 },
    { membersMax: 12, factor: 5, partitions: 256, changes: 60 },
    { membersMax: 10, factor: 1, partitions: 256, changes: 60 },
    { membersMax: 9, factor: 2, partitions: 512, changes: 60 },
  ])('stay even and move little: %o', (scene) => {
    for (const seed of [1, 2]) liveThrough(seed, scene);
  });

  it('the same in small, over any seed', () => {
    fc.assert(
      fc.property(fc.nat(), fc.constantFrom(1, 2, 3, 5), (seed, factor) => {
        liveThrough(seed, { membersMax: 12, factor, partitions: 128, changes: 12 });
      }),
      { numRuns: 25 },
    );
  });
});

interface Cluster {
  members: RingMember[];
  factor: number;
}

function randomChange(cluster: Cluster, random: SeededRandom, number: number): Cluster {
  const member = (): RingMember => ({
    id: `m${number}`,
    number,
    weight: random.pick([0.5, 1, 1, 2, 3, 100]),
    zone: random.below(8) === 0 ? undefined : `zone${random.below(5)}`,
  });
  const { members, factor } = cluster;
  const chosen = random.below(members.length);
  switch (random.below(7)) {
    case 0:
      return members.length > 1 ? { factor, members: members.toSpliced(chosen, 1) } : cluster;
    case 1:
      return {
        factor,
        members: members.toSpliced(chosen, 1, {
          ...member(),
          id: members[chosen]!.id,
          number: members[chosen]!.number,
        }),
      };
    case 2:
      return { factor: 1 + random.below(5), members };
    default:
      return members.length < 30 ? { factor, members: [...members, member()] } : cluster;
  }
}

/** The most replicas of a partition that a zone must take, found by trying. */
function perZoneMax(zoneSizes: readonly number[], width: number): number {
  let most = 1;
  while (zoneSizes.reduce((sum, size) => sum + Math.min(size, most), 0) < width) most += 1;
  return most;
}

describe('random changes of members, weights, zones and factor', () => {
  it('always: full rows, nobody twice, zones apart, equals even, primaries in proportion', () => {
    let crowdedZones = 0;
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 3, max: 7 }), (seed, bits) => {
        const random = createSeededRandom(seed);
        let cluster: Cluster = { members: [{ id: 'm0', number: 1_000 }], factor: 3 };
        let now: Assignment | undefined;
        for (let change = 1; change <= 25; change += 1) {
          cluster = randomChange(cluster, random, change);
          const { members, factor } = cluster;
          now = claim(now, { members, partitions: 2 ** bits, replicationFactor: factor });

          const zoneOf = new Map(members.map(({ number, id, zone }) => [number, zone ?? `alone ${id}`]));
          const sizes = new Map<string, number>();
          for (const zone of zoneOf.values()) sizes.set(zone, (sizes.get(zone) ?? 0) + 1);
          const width = Math.min(factor, members.length);
          const most = perZoneMax([...sizes.values()], width);
          if (most > 1) crowdedZones += 1;
          for (let partition = 0; partition < now.partitions; partition += 1) {
            const owners = preferenceList(now, partition);
            const perZone = new Map<string, number>();
            for (const owner of owners) {
              const zone = zoneOf.get(owner)!;
              perZone.set(zone, (perZone.get(zone) ?? 0) + 1);
            }
            if (
              owners.length !== width ||
              new Set(owners).size !== width ||
              Math.max(...perZone.values()) > most
            ) {
              throw new Error(`partition ${partition} has owners ${owners.join(' ')}`);
            }
          }

          const shares = sharesByMember(now);
          const ofEquals = new Map<string, number[]>();
          for (const { number, weight, zone } of members) {
            const { replicas, primaries } = shares.get(number) ?? { replicas: 0, primaries: 0 };
            const kind = `${weight ?? 1} ${zone ?? ''}`;
            ofEquals.set(kind, [...(ofEquals.get(kind) ?? []), replicas]);
            expect(Math.abs(primaries - replicas / width)).toBeLessThan(1);
          }
          for (const equals of ofEquals.values()) {
            expect(Math.max(...equals) - Math.min(...equals)).toBeLessThanOrEqual(1);
          }
        }
      }),
      // Once: primaries rounded before it was known which rounding can be met.
      { numRuns: 40, examples: [[2_147_483_644, 3]] },
    );
    expect(crowdedZones).toBeGreaterThan(50);
  });

  it('shares are in proportion to weight, within one, while nobody is too heavy', () => {
    const weight = fc.double({ min: 1, max: 2, noNaN: true });
    fc.assert(
      fc.property(fc.array(weight, { minLength: 8, maxLength: 30 }), (weights) => {
        const members = weights.map((weight, index) => ({ id: `m${index}`, number: index + 1, weight }));
        const shares = sharesByMember(claim(undefined, { members, partitions: 256, replicationFactor: 3 }));
        const total = weights.reduce((a, b) => a + b);
        members.forEach(({ number, weight }) => {
          expect(Math.abs(shares.get(number)!.replicas - (768 * weight) / total)).toBeLessThan(1);
        });
      }),
    );
  });
});
