import { createHybridLogicalClock, type HybridLogicalClock, versionNode } from '@kv/hlc';
import { openEngine, type StorageEngine } from '@kv/storage';
import {
  createManualClock,
  createManualTimers,
  createSeededRandom,
  type ManualClock,
  type ManualTimers,
} from '@kv/testing';

import {
  channelTo,
  type Coordinator,
  type CoordinatorOptions,
  createCoordinator,
  createLocalReplica,
  createStampIssuer,
  type Replica,
  ReplicaUnreachable,
} from '../../src/index.js';
import { epochMs } from './core-harness.js';

/** `down`: cannot be reached. `hangs`: takes the request, never answers. `lost`: takes it, then the link breaks. */
export type LinkState = 'up' | 'down' | 'hangs' | 'lost';

export interface Member {
  readonly number: number;
  readonly engine: StorageEngine;
  readonly hlc: HybridLogicalClock;
  readonly coordinator: Coordinator;
  /** What it answers with, whatever the state of its link. */
  readonly replica: Replica;
  link: LinkState;
  /** Operations that arrived, by kind. */
  readonly arrived: { write: number; repair: number; read: number; scanPartition: number };
}

export interface Cluster {
  readonly clock: ManualClock;
  readonly timers: ManualTimers;
  readonly members: readonly Member[];
  /** Lets everything that needs no time happen. */
  settle(): Promise<void>;
}

export interface ClusterOptions extends Partial<CoordinatorOptions> {
  readonly members?: number;
  /** Member numbers that own everything; default: the first three. */
  readonly owners?: readonly number[];
  /** How far each member's clock is off. */
  readonly skewsMs?: readonly number[];
  /** Instead of the engine, to keep the clocks' ceilings. */
  readonly ceilings?: Pick<StorageEngine, 'persistCeiling'>;
}

/** Real engines, clocks, replicas and coordinators in one process; only the links between them are made up. */
export async function createCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const clock = createManualClock({ nowMs: epochMs });
  const timers = createManualTimers(clock);
  const numbers = Array.from({ length: options.members ?? 3 }, (_, index) => index + 1);
  const owners = options.owners ?? numbers.slice(0, 3);
  const partitions = options.partitions ?? 4;
  const members: Member[] = [];
  for (const number of numbers) {
    const skewMs = options.skewsMs?.[number - 1] ?? 0;
    const wall = { nowMs: () => clock.nowMs() + skewMs };
    const engine = await openEngine(
      { directory: ':memory:', partitions, snapshotIntervalMs: 0 },
      {
        fileSystem: undefined as never,
        clock: { ...wall, monotonicMs: () => clock.monotonicMs() },
        timers,
      },
    );
    const hlc = createHybridLogicalClock({}, { clock: wall });
    const view = { epoch: () => 1, owns: () => owners.includes(number), incarnations: () => [] };
    const coordinator = createCoordinator(
      {
        node: versionNode({ member: number, incarnation: 1 }),
        replicationFactor: owners.length,
        ...options,
        partitions,
      },
      {
        placement: { self: number, owners: () => owners },
        replica: (to) => channelTo(to, linkTo(members[to - 1]!), clock),
        stamps: createStampIssuer({
          hlc,
          fence: { verdict: () => 'ok' },
          ceilings: options.ceilings ?? engine,
        }),
        hlc,
        clock,
        timers,
        random: createSeededRandom(number),
      },
    );
    const replica = createLocalReplica({ engine, hlc, clock: wall, view });
    const arrived = { write: 0, repair: 0, read: 0, scanPartition: 0 };
    members.push({ number, engine, hlc, coordinator, replica, link: 'up', arrived });
  }
  return { clock, timers, members, settle: () => timers.advanceAsync(0) };
}

function linkTo(member: Member): Replica {
  const pass = async <Reply>(kind: keyof Member['arrived'], ask: () => Promise<Reply>): Promise<Reply> => {
    if (member.link === 'down') throw new ReplicaUnreachable('down', { sent: false });
    member.arrived[kind] += 1;
    const reply = ask();
    if (member.link === 'hangs') return new Promise<never>(() => undefined);
    if (member.link === 'lost') throw new ReplicaUnreachable('lost', { sent: true });
    return reply;
  };
  return {
    write: (operation) => pass('write', () => member.replica.write(operation)),
    repair: (operation) => pass('repair', () => member.replica.repair(operation)),
    read: (operation) => pass('read', () => member.replica.read(operation)),
    scanPartition: (operation) => pass('scanPartition', () => member.replica.scanPartition(operation)),
  };
}

const utf8 = new TextEncoder();

export function bytes(text: string): Uint8Array {
  return utf8.encode(text);
}

export function textOf(value: Uint8Array): string {
  return new TextDecoder().decode(value);
}
