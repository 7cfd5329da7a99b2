import type { Roster } from './roster.js';
import { tieHash } from './tie-hash.js';

/** What holds for every row of an assignment. */
export interface RowShape {
  /** Replicas a partition really has: the factor, or all members if they are fewer. */
  readonly width: number;
  /** The most replicas of one partition in one zone: the smallest number with which `width` can be reached. */
  readonly perZoneMax: number;
}

const { abs, floor, min, round } = Math;

export function rowShape(roster: Roster, replicationFactor: number): RowShape {
  const width = min(replicationFactor, roster.numbers.length);
  const sizes = new Uint32Array(roster.zoneCount);
  for (const zone of roster.zones) sizes[zone]! += 1;
  let perZoneMax = 0;
  let reachable = 0;
  while (reachable < width) {
    perZoneMax += 1;
    reachable = sizes.reduce((sum, size) => sum + min(size, perZoneMax), 0);
  }
  return { width, perZoneMax };
}

/**
 * The share of all partitions that each member should hold, 0 to 1: in proportion to weight, but nobody holds a partition
 * twice (at most 1) and no zone more than it may. What a capped one cannot take, the others share by weight.
 */
export function idealShares(roster: Roster, { width, perZoneMax }: RowShape): Float64Array {
  const { weights, zones, zoneCount } = roster;
  const membersOfZone = Array.from({ length: zoneCount }, (): number[] => []);
  zones.forEach((zone, index) => void membersOfZone[zone]!.push(index));
  const scaleMax = 1 / weights.reduce((a, b) => min(a, b));

  const share = (scale: number, index: number) => min(1, scale * weights[index]!);
  const zoneShare = (scale: number, members: number[]) =>
    members.reduce((sum, index) => sum + share(scale, index), 0);
  const allShares = (scale: number) =>
    membersOfZone.reduce((sum, members) => sum + min(perZoneMax, zoneShare(scale, members)), 0);

  const scale = scaleReaching(width, allShares, scaleMax);
  const shares = new Float64Array(weights.length);
  for (const members of membersOfZone) {
    const capped = zoneShare(scale, members) > perZoneMax;
    const zoneScale = capped
      ? scaleReaching(perZoneMax, (candidate) => zoneShare(candidate, members), scaleMax)
      : scale;
    for (const index of members) shares[index] = share(zoneScale, index);
  }
  return shares;
}

/** The smallest scale at which a sum that grows with it reaches `target`, by bisection. */
function scaleReaching(target: number, sumAt: (scale: number) => number, scaleMax: number): number {
  let low = 0;
  let high = scaleMax;
  for (;;) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high) return high;
    if (sumAt(middle) >= target) high = middle;
    else low = middle;
  }
}

export interface Rounding {
  /** What each should get; the sum is `total`. */
  readonly ideals: Float64Array;
  readonly total: number;
  /** What each has now. */
  readonly loads: Uint32Array;
  readonly roster: Roster;
  /** The most that the members of one zone may get together. */
  readonly perZoneMax: number;
}

/**
 * Whole quotas, each its ideal rounded down or up. Up goes first to who has that much already, since taking it away would
 * be a move; the zones' maxima are kept.
 */
export function wholeQuotas({ ideals, total, loads, roster, perZoneMax }: Rounding): Uint32Array {
  const { numbers, zones, zoneCount } = roster;
  const quotas = Uint32Array.from(ideals, (ideal) => floor(exact(ideal)));
  const room = new Float64Array(zoneCount).fill(perZoneMax);
  quotas.forEach((quota, index) => void (room[zones[index]!]! -= quota));

  const candidates: number[] = [];
  ideals.forEach((ideal, index) => {
    if (exact(ideal) > quotas[index]!) candidates.push(index);
  });
  const has = (index: number) => (loads[index]! > quotas[index]! ? 1 : 0);
  const tie = (index: number) => tieHash(0, numbers[index]!);
  candidates.sort((a, b) => has(b) - has(a) || tie(a) - tie(b));

  let left = total - quotas.reduce((sum, quota) => sum + quota, 0);
  for (const index of candidates) {
    const zone = zones[index]!;
    if (left === 0) break;
    if (room[zone]! < 1) continue;
    quotas[index]! += 1;
    room[zone]! -= 1;
    left -= 1;
  }
  return quotas;
}

/** Undoes what floating point adds to or takes from a whole number. */
function exact(ideal: number): number {
  const nearest = round(ideal);
  return abs(ideal - nearest) < 1e-6 ? nearest : ideal;
}
