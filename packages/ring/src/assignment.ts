import { InvalidArgumentError } from './errors.js';

/** Who owns which partition. Plain data: it travels in the cluster view. Do not change it. */
export interface Assignment {
  /** A power of two, fixed when the cluster is created. */
  readonly partitions: number;
  readonly replicationFactor: number;
  /**
   * `partitions` rows of `replicationFactor` member numbers, each in order of preference: the first is the primary.
   * 0 = nobody, only at the end of a row, and only while the cluster has fewer members than replicas.
   */
  readonly owners: Uint16Array;
}

/** The member numbers that own a partition, preferred first. @throws InvalidArgumentError for a partition out of range. */
export function preferenceList(assignment: Assignment, partition: number): readonly number[] {
  const { owners, partitions, replicationFactor } = assignment;
  if (!(Number.isInteger(partition) && partition >= 0 && partition < partitions)) {
    throw new InvalidArgumentError(`there are partitions 0 to ${partitions - 1}, not ${partition}`);
  }
  const list: number[] = [];
  for (let at = partition * replicationFactor; at < (partition + 1) * replicationFactor; at += 1) {
    const number = owners[at]!;
    if (number !== 0) list.push(number);
  }
  return list;
}

/**
 * How many (partition, member) pairs `after` has and `before` has not: the partitions to transfer. The order within a list
 * does not matter. @throws InvalidArgumentError if the numbers of partitions differ.
 */
export function movedShares(before: Assignment, after: Assignment): number {
  if (before.partitions !== after.partitions) {
    throw new InvalidArgumentError(`cannot compare ${before.partitions} partitions with ${after.partitions}`);
  }
  let moved = 0;
  for (let partition = 0; partition < after.partitions; partition += 1) {
    const owned = preferenceList(before, partition);
    for (const number of preferenceList(after, partition)) if (!owned.includes(number)) moved += 1;
  }
  return moved;
}

/** What one member holds. */
export interface MemberShare {
  /** Partitions of which it holds a replica: its virtual nodes. */
  readonly replicas: number;
  /** Partitions of which it comes first. */
  readonly primaries: number;
}

/** What every member that owns something holds, by member number, ascending. */
export function sharesByMember(assignment: Assignment): Map<number, MemberShare> {
  const replicas = new Map<number, number>();
  const primaries = new Map<number, number>();
  assignment.owners.forEach((number, at) => {
    if (number === 0) return;
    replicas.set(number, (replicas.get(number) ?? 0) + 1);
    if (at % assignment.replicationFactor === 0) primaries.set(number, (primaries.get(number) ?? 0) + 1);
  });
  return new Map(
    [...replicas.entries()]
      .sort(([a], [b]) => a - b)
      .map(([number, count]) => [number, { replicas: count, primaries: primaries.get(number) ?? 0 }]),
  );
}
