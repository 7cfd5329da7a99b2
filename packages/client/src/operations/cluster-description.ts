import { type DescribeResponse, MemberState as StateMessage, type StatusResponse } from '@kv/proto';
import { isTimestamp, physicalMs } from '@kv/hlc';

/** The cluster as one node sees it. */
export interface ClusterDescription {
  readonly epoch: number;
  readonly clusterId: string;
  /** How many replicas each key has. */
  readonly replicationFactor: number;
  readonly members: readonly ClusterMember[];
  /** Index = partition; member numbers in order of preference, the primary first. */
  readonly partitions: readonly (readonly number[])[];
  /** The partition of a key is `hash(key, seed) >>> shift`, and 0 where the shift is 32. */
  readonly keyHash: { readonly algorithm: string; readonly seed: number; readonly shift: number };
}

export interface ClusterMember {
  readonly id: string;
  /** Assigned once, never reused; upper 16 bits of a version's node. */
  readonly number: number;
  /** host:port */
  readonly address: string;
  readonly zone: string;
  /** As the answering node sees it. */
  readonly state: 'up' | 'down' | 'unknown';
}

/** Figures of one node. */
export interface NodeStatus {
  readonly id: string;
  /** Of its software. */
  readonly version: string;
  readonly uptimeMs: number;
  readonly serving: boolean;
  /** `always`, `interval` or `os`. */
  readonly durability: string;
  /** Without tombstones. */
  readonly keys: number;
  readonly tombstones: number;
  readonly memoryBytes: number;
  readonly memoryBytesMax: number;
  readonly logBytes: number;
  /** Not served, because their stored data failed its checksum. */
  readonly damagedPartitions: readonly number[];
  /** Of its clock, Unix milliseconds. */
  readonly serverTimeMs: number;
}

export function clusterDescriptionOf(response: DescribeResponse): ClusterDescription {
  const { epoch, clusterId, replicationFactor, members, partitions, keyHash } = response;
  return {
    epoch,
    clusterId,
    replicationFactor,
    members: members.map(({ id, number, address, zone, state }) => ({
      id,
      number,
      address,
      zone,
      state: state === StateMessage.UP ? 'up' : state === StateMessage.DOWN ? 'down' : 'unknown',
    })),
    partitions: partitions.map((owners) => owners.members),
    keyHash: { algorithm: keyHash?.algorithm ?? '', seed: keyHash?.seed ?? 0, shift: keyHash?.shift ?? 0 },
  };
}

export function nodeStatusOf({ serverTime, ...figures }: StatusResponse): NodeStatus {
  return { ...figures, serverTimeMs: isTimestamp(serverTime) ? physicalMs(serverTime) : 0 };
}
