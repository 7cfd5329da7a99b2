import {
  type ClockFence,
  createClockFence,
  createHybridLogicalClock,
  type HybridLogicalClock,
} from '@kv/hlc';
import {
  type Coordinator,
  createCoordinator,
  createLocalReplica,
  createStampIssuer,
  type Decisions,
  decisionsWith,
} from '@kv/replication';
import { openEngine, type StorageEngine } from '@kv/storage';

import { type BackgroundWork, createBackgroundWork } from './background.js';
import { fetchShape } from './cluster/fetch-shape.js';
import { type MemberMemory, openMemberMemory } from './cluster/member-memory.js';
import type { NodeIdentity } from './cluster/node-file.js';
import { dataDirectoryFailure, openDataDirectory } from './cluster/open-data-directory.js';
import { type FixedPlacement, fixedPlacement } from './cluster/placement.js';
import { createStanding, type Standing } from './cluster/standing.js';
import type { NodeComposition } from './composition.js';
import { instantClock } from './instant-clock.js';
import { type ChanneledReplica, createMemberChannel } from './lanes/member-channel.js';
import { defaults, memoryDirectory, type NodeOptions, timingOf } from './options.js';
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
  readonly standing: Standing;
  readonly peers: Peers;
  /** This node's own copy. */
  readonly replica: ChanneledReplica;
  readonly coordinator: Coordinator;
  readonly background: BackgroundWork;
}

export async function openNodeParts(
  options: NodeOptions,
  ports: NodePorts,
  { composition, teardown }: { readonly composition: NodeComposition; readonly teardown: Teardown },
): Promise<NodeParts> {
  const { clock, timers } = ports;
  const { observer } = composition;
  const decisions = decisionsWith(composition.decisions);
  const { identity, engine, memory } = await openStores(options, ports, { composition, decisions, teardown });

  const placement = fixedPlacement(identity);
  const maxDriftMs = decisions.driftBoundMs();
  const fence = createClockFence({ maxDriftMs }, { clock: instantClock(clock) });
  const hlc = createHybridLogicalClock({ maxDriftMs, ceiling: engine.ceiling }, { clock: fence });
  observer?.opened?.({ engine, hlc, placement });
  const { directoryId, replicationFactor, partitions } = identity;
  const standing = createStanding(
    { self: placement.self, members: identity.peers.length, directoryId },
    { engine, memory, logger: ports.logger },
  );
  const header: HeaderOptions = {
    clusterId: Buffer.from(identity.clusterId, 'hex'),
    self: () => standing.node(),
    incarnations: () => standing.incarnations(),
  };
  const peers = connectPeers(identity, header, { ...ports, hlc, fence, standing });
  teardown.defer(() => peers.close());

  const view = {
    epoch: () => fixedEpoch,
    owns: (partition: number) => placement.owns(partition),
    incarnations: () => standing.incarnations(),
    isAdmitted: () => standing.isAdmitted(),
  };
  const replica = createLocalReplica({ engine, hlc, clock, view, decisions, observer });
  const own = createMemberChannel({ member: placement.self, isNear: true }, replica, { ...ports, hlc });
  const requestTimeoutMs = options.requestTimeoutMs ?? defaults.requestTimeoutMs;
  const coordinator = createCoordinator(
    { node: () => standing.node(), replicationFactor, partitions, requestTimeoutMs },
    {
      ...{ clock, timers, hlc, placement, random: ports.random, decisions, observer },
      replica: (member) => (member === placement.self ? own : peers.replica(member)),
      peek: (key) => engine.peek(key),
      stamps: createStampIssuer({
        ...{ hlc, fence, ceilings: engine, decisions },
        isAdmitted: () => standing.isAdmitted(),
      }),
    },
  );
  teardown.defer(() => coordinator.close());
  const background = createBackgroundWork(
    timingOf(options),
    { engine, hlc, placement, replicationFactor, peers, decisions, observer },
    ports,
  );
  teardown.defer(() => background.stop());
  const parts = { identity, placement, engine, hlc, fence, header, standing, peers, replica };
  return { ...parts, coordinator, background };
}

interface Stores {
  readonly identity: NodeIdentity;
  readonly engine: StorageEngine;
  readonly memory: MemberMemory;
}

async function openStores(
  options: NodeOptions,
  ports: NodePorts,
  parts: {
    readonly composition: NodeComposition;
    readonly decisions: Decisions;
    readonly teardown: Teardown;
  },
): Promise<Stores> {
  const { composition, decisions, teardown } = parts;
  const directory = await openDataDirectory(options, {
    fileSystem: ports.fileSystem,
    fetchShape: (address) => fetchShape(address, ports),
    random: ports.random,
  });
  teardown.defer(() => directory.release());
  const { identity } = directory;
  const opened = await openStorage(options, ports, {
    directory: directory.engineDirectory,
    partitions: identity.partitions,
    retainTombstones: decisions.retainsTombstones(),
  });
  teardown.defer(() => opened.close());
  const engine = composition.engine?.(opened) ?? opened;
  await forgetMarks(engine, decisions);
  const place = options.dataDirectory === memoryDirectory ? undefined : options.dataDirectory;
  const memory = await openMemberMemory(place, ports);
  teardown.defer(() => memory.close());
  return { identity, engine, memory };
}

/** None, unless a simulator plants a bug: marks outlive a restart (rule 14). */
async function forgetMarks(engine: StorageEngine, { marksAtStart }: Decisions): Promise<void> {
  const kept = marksAtStart(engine.suspectPartitions);
  const forgotten = [...engine.suspectPartitions].filter((partition) => !kept.has(partition));
  if (forgotten.length > 0) await engine.clearSuspect(forgotten);
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
        damage: 'rebuild',
      },
      { fileSystem, clock, timers, bootId, logger, onFatal },
    );
  } catch (error) {
    throw dataDirectoryFailure(options.dataDirectory, error);
  }
}
