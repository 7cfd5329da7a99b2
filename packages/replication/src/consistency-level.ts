/** How many replicas an operation waits for (rule 23): one, a majority, all; `linearizable` is not offered yet. */
export type ConsistencyLevel = 'one' | 'quorum' | 'all' | 'linearizable';

/** Majority of N: any two of them share a replica. */
export function quorumOf(replicationFactor: number): number {
  return (replicationFactor >>> 1) + 1;
}

export function replicasRequired(
  level: Exclude<ConsistencyLevel, 'linearizable'>,
  replicationFactor: number,
): number {
  switch (level) {
    case 'one':
      return 1;
    case 'quorum':
      return quorumOf(replicationFactor);
    case 'all':
      return replicationFactor;
  }
}
