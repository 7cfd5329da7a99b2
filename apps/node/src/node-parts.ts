import {
  type ClockFence,
  createClockFence,
  createHybridLogicalClock,
  type HybridLogicalClock,
  versionNode,
} from '@kv/hlc';
import {
  type ComparableReplica,
  type Coordinator,
  createCoordinator,
  createLocalReplica,
  createStampIssuer,
  decisionsWith,
} from '@kv/replication';
import { openEngine, type StorageEngine } from '@kv/storage';

import { fetchShape } from './cluster/fetch-shape.js';
import type { NodeIdentity } from './cluster/node-file.js';
import { dataDirectoryFailure, openDataDirectory } from './cluster/open-data-directory.js';
import { type FixedPlacement, fixedPlacement } from './cluster/placement.js';
import type { NodeComposition } from './composition.js';
import { defaults, type NodeOptions } from './options.js';
import type { NodePorts } from './ports.js';
import { fixedEpoch, type HeaderOptions } from './remote/message-header.js';
import { connectPeers, type Peers } from './remote/peers.js';
import type { Teardown } from './teardown.js';

/** Everything of a node but what answers to others. */
export interface NodeParts {
  readonly identity: NodeIdentity;
  readonly placement: FixedPlacement;
  readonly engine: StorageEngine;
  readonly hlc: HybridLogicalClock;
  readonly fence: ClockFence;
  readonly header: HeaderOptions;
  readonly peers: Peers;
  /** This node's own copy. */
  readonly replica: ComparableReplica;
  readonly coordinator: Coordinator;
}

export async function openNodeParts(
  options: NodeOptions,
  ports: NodePorts,
  { composition, teardown }: { readonly composition: NodeComposition; readonly teardown: Teardown },
): Promise<NodeParts> {
  const { clock, timers } = ports;
  const directory = await openDataDirectory(options, {
    fileSystem: ports.fileSystem,
    fetchShape: (address) => fetchShape(address, ports),
  });
  teardown.defer(() => directory.release());
  const { identity } = directory;
  const { observer } = composition;
  const decisions = decisionsWith(composition.decisions);
  const opened = await openStorage(options, ports, {
    directory: directory.engineDirectory,
    partitions: identity.partitions,
    retainTombstones: decisions.retainsTombstones(),
  });
  teardown.defer(() => opened.close());
  const engine = composition.engine?.(opened) ?? opened;

  const placement = fixedPlacement(identity);
  const maxDriftMs = decisions.driftBoundMs();
  const fence = createClockFence({ maxDriftMs }, { clock });
  const hlc = createHybridLogicalClock({ maxDriftMs, ceiling: engine.ceiling }, { clock: fence });
  observer?.opened?.({ engine, hlc, placement });
  const self = versionNode({ member: placement.self, incarnation: identity.incarnation });
  const header = { clusterId: Buffer.from(identity.clusterId, 'hex'), self };
  const peers = connectPeers(identity, header, { ...ports, hlc, fence });
  teardown.defer(() => peers.close());

  const view = {
    epoch: () => fixedEpoch,
    owns: (partition: number) => placement.owns(partition),
    incarnations: () => [],
  };
  const replica = createLocalReplica({ engine, hlc, clock, view, decisions, observer });
  const coordinator = createCoordinator(
    {
      node: self,
      replicationFactor: identity.replicationFactor,
      partitions: identity.partitions,
      requestTimeoutMs: options.requestTimeoutMs ?? defaults.requestTimeoutMs,
    },
    {
      ...{ clock, timers, hlc, placement, random: ports.random, decisions, observer },
      replica: (member) => (member === placement.self ? replica : peers.replica(member)),
      stamps: createStampIssuer({ hlc, fence, ceilings: engine, decisions }),
    },
  );
  return { identity, placement, engine, hlc, fence, header, peers, replica, coordinator };
}

async function openStorage(
  options: NodeOptions,
  { fileSystem, clock, timers, bootId, logger, onFatal }: NodePorts,
  place: { readonly directory: string; readonly partitions: number; readonly retainTombstones: boolean },
): Promise<StorageEngine> {
  try {
    return await openEngine(
      {
        ...place,
        durability: options.durability ?? defaults.durability,
        durabilityIntervalMs: options.durabilityIntervalMs,
        snapshotIntervalMs: options.snapshotIntervalMs,
        memoryBytesMax: options.memoryBytesMax,
      },
      { fileSystem, clock, timers, bootId, logger, onFatal },
    );
  } catch (error) {
    throw dataDirectoryFailure(options.dataDirectory, error);
  }
}
