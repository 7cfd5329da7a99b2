import { quorumOf } from '@kv/replication';

/** Tells when, for every partition, a quorum of its owners has answered. A core: no clock, no I/O. */
export interface QuorumWatch {
  /** @returns whether it is so now; once it is, it stays so */
  answered(member: number): boolean;
}

/** @param owners preference lists; index = partition */
export function createQuorumWatch(
  owners: readonly (readonly number[])[],
  { replicationFactor }: { readonly replicationFactor: number },
): QuorumWatch {
  const quorum = quorumOf(replicationFactor);
  // Many partitions have the same owners, and only these matter.
  const lists = new Map(owners.map((list) => [[...list].sort((a, b) => a - b).join(), list]));
  const heard = new Set<number>();
  return {
    answered: (member) => {
      heard.add(member);
      for (const [name, list] of lists) {
        if (list.filter((owner) => heard.has(owner)).length >= quorum) lists.delete(name);
      }
      return lists.size === 0;
    },
  };
}
