import { type DescribeResponse, MemberState, type PartitionOwners } from '@kv/proto';
import type { HybridLogicalClock } from '@kv/hlc';
import type { Durability, StorageEngine } from '@kv/storage';

import type { Member } from '../cluster/members.js';
import type { NodeIdentity } from '../cluster/node-file.js';
import type { Clock } from '../ports.js';
import { fixedEpoch } from '../remote/message-header.js';
import type { ClusterService } from '../transport.js';

export interface ClusterServiceOptions {
  readonly identity: NodeIdentity;
  readonly durability: Durability;
  /** Of the software. */
  readonly version: string;
  /** Index = partition. */
  readonly owners: readonly (readonly number[])[];
}

export interface ClusterServicePorts {
  readonly engine: StorageEngine;
  readonly hlc: HybridLogicalClock;
  readonly clock: Clock;
  /** As this node sees them now. */
  readonly members: () => readonly Member[];
  /** Takes reads and writes: not while its clock is wrong, since clients take their time from those who serve. */
  readonly isServing: () => boolean;
}

const stateOf = { up: MemberState.UP, down: MemberState.DOWN } as const;

export function createClusterService(
  { identity, durability, version, owners }: ClusterServiceOptions,
  { engine, hlc, clock, members, isServing }: ClusterServicePorts,
): ClusterService {
  const startedMs = clock.monotonicMs();
  const partitions = owners.map((list): PartitionOwners => ({ members: [...list] }));
  const shift = 32 - Math.log2(identity.partitions);
  return {
    describe: () =>
      Promise.resolve<DescribeResponse>({
        epoch: fixedEpoch,
        clusterId: identity.clusterId,
        replicationFactor: identity.replicationFactor,
        members: members().map(({ id, number, address, zone, state }) => ({
          id,
          number,
          address,
          zone,
          state: stateOf[state],
        })),
        partitions,
        keyHash: { algorithm: 'xxh32', seed: 0, shift },
      }),
    status: () => {
      const { keys, tombstones, memoryBytes, memoryBytesMax, logBytes } = engine.stats();
      return Promise.resolve({
        id: identity.id,
        version,
        // No clock, however broken, may make of this a number that no reader decodes.
        uptimeMs: Math.max(0, Math.floor(clock.monotonicMs() - startedMs)),
        serving: isServing(),
        durability,
        keys,
        tombstones,
        memoryBytes,
        memoryBytesMax,
        logBytes,
        damagedPartitions: [...engine.suspectPartitions],
        serverTime: hlc.current(),
      });
    },
  };
}
