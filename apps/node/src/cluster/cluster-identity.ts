import { createHash } from 'node:crypto';

import type { Peer } from '../configuration/peer-list.js';

/** What all members of a fixed cluster agree on (protocol rule 22). */
export interface ClusterShape {
  /** By id. */
  readonly peers: readonly Peer[];
  readonly replicationFactor: number;
  readonly partitions: number;
}

/** Length in bytes of a cluster id. */
const clusterIdBytes = 16;

/**
 * The id of a fixed cluster: a digest of what its members have to agree on. Members that were told different things
 * have different ids, and refuse each other's messages instead of disagreeing about who holds a key.
 *
 * @returns 32 hexadecimal digits
 */
export function clusterIdOf({ peers, replicationFactor, partitions }: ClusterShape): string {
  const text = JSON.stringify([
    'kv fixed cluster',
    peers.map(({ id, address }) => [id, address]),
    replicationFactor,
    partitions,
  ]);
  return createHash('sha256')
    .update(text)
    .digest('hex')
    .slice(0, 2 * clusterIdBytes);
}
