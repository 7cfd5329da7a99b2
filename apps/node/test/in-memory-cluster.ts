import { systemClock, systemTimers } from '@kv/storage';
import {
  createMemoryFileSystem,
  createRecordingLogger,
  createSeededRandom,
  type MemoryFileSystem,
  type RecordingLogger,
} from '@kv/testing';

import {
  createNode,
  type Node,
  type NodeComposition,
  type NodeOptions,
  type NodePorts,
} from '../src/index.js';
import { createInMemoryNetwork, type InMemoryNetwork } from './in-memory-network.js';

export interface InMemoryCluster {
  readonly network: InMemoryNetwork;
  readonly nodes: Node[];
  /** The one with this id. */
  node(id: string): Node;
  start(id: string, options?: Partial<NodeOptions>, composition?: NodeComposition): Promise<Node>;
  /** What is on its disk now, as a copy of its own. The node must be stopped. */
  copyDisk(id: string): MemoryFileSystem;
  /** Before its next start; undefined = an empty one. */
  putDisk(id: string, disk?: MemoryFileSystem): void;
  /** Sets its wall clock so far ahead of the real one. */
  setClock(id: string, aheadMs: number): void;
  /** What the nodes with this id logged, in all their lives. */
  logger(id: string): RecordingLogger;
  stop(): Promise<void>;
}

/** Nodes a, b, c ... within this process: the real clock, set wrong where a test wants it, memory for files and network. */
export function createInMemoryCluster(count: number): InMemoryCluster {
  const network = createInMemoryNetwork();
  const peers = Array.from({ length: count }, (_, index) => ({
    id: String.fromCharCode(97 + index),
    address: `${String.fromCharCode(97 + index)}:1`,
  }));
  const fileSystems = new Map(peers.map(({ id }) => [id, createMemoryFileSystem()]));
  const loggers = new Map(peers.map(({ id }) => [id, createRecordingLogger()]));
  const nodes: Node[] = [];

  const clock = systemClock();
  const aheadMs = new Map<string, number>();
  let seed = 0;

  function portsOf(id: string): NodePorts {
    return {
      fileSystem: fileSystems.get(id)!,
      clock: { ...clock, nowMs: () => clock.nowMs() + (aheadMs.get(id) ?? 0) },
      timers: systemTimers(),
      random: createSeededRandom((seed += 1)),
      logger: loggers.get(id)!,
      transport: network.transport(`${id}:1`),
    };
  }
  return {
    network,
    nodes,
    node: (id) => nodes.find((node) => node.id === id)!,
    start: async (id, options = {}, composition = {}) => {
      const told = { id, host: id, port: 1, dataDirectory: 'data', peers, partitions: 32, ...options };
      const node = await createNode(told, portsOf(id), composition);
      const old = nodes.findIndex((other) => other.id === id);
      nodes.splice(old < 0 ? nodes.length : old, old < 0 ? 0 : 1, node);
      return node;
    },
    copyDisk: (id) => fileSystems.get(id)!.crash(),
    putDisk: (id, disk = createMemoryFileSystem()) => void fileSystems.set(id, disk),
    setClock: (id, ms) => void aheadMs.set(id, ms),
    logger: (id) => loggers.get(id)!,
    stop: async () => {
      await Promise.all(nodes.map((node) => node.stop({ drainMs: 0 })));
    },
  };
}

/** All of them, serving. */
export async function startInMemoryCluster(
  count: number,
  options: Partial<NodeOptions> = {},
): Promise<InMemoryCluster> {
  const cluster = createInMemoryCluster(count);
  const ids = Array.from({ length: count }, (_, index) => String.fromCharCode(97 + index));
  await Promise.all(ids.map((id) => cluster.start(id, options)));
  await Promise.all(cluster.nodes.map((node) => node.serving()));
  return cluster;
}
