/**
 * How many replicas an operation waits for (rule 23): one, a majority, all. `linearizable` is a majority too, and for a
 * write two rounds of it: query, then store with a ticket (rule 10).
 */
export type ConsistencyLevel = 'one' | 'quorum' | 'all' | 'linearizable';

/** Majority of N: any two of them share a replica. */
export function quorumOf(replicationFactor: number): number {
  return (replicationFactor >>> 1) + 1;
}

export function replicasRequired(level: ConsistencyLevel, replicationFactor: number): number {
  switch (level) {
    case 'one':
      return 1;
    case 'quorum':
    case 'linearizable':
      return quorumOf(replicationFactor);
    case 'all':
      return replicationFactor;
  }
}
