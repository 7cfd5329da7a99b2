import type { NodeComposition, NodeOptions } from '@kv/node';
import { createSeededRandom, type SeededRandom } from '@kv/testing';
import { createHistoryRecorder, type HistoryRecorder } from '@kv/testing/checkers';

import type { DeliberateBug } from '../bugs/deliberate-bug.js';
import { EvidenceCollector } from '../history/evidence.js';
import { SimulatedClient } from '../history/simulated-client.js';
import { Network } from '../network/network.js';
import type { ClientPlan, Plan } from '../plan/plan.js';
import type { World } from '../world/world.js';
import { Machine } from './machine.js';

/** Of a node in a simulation; fills no disk, and is never reached by accident. */
const memoryBytesMax = 64 * 1024 * 1024;

/** Shorter than in production, so that a run of a minute sees many passes. */
const antiEntropyIntervalMs = 1_500;

export interface SimulatedCluster {
  readonly network: Network;
  readonly machines: readonly Machine[];
  readonly clients: readonly SimulatedClient[];
  readonly recorder: HistoryRecorder;
  readonly evidence: EvidenceCollector;
  /** For faults. */
  readonly random: SeededRandom;
}

/** Machines, clients and the network between them, as a plan wants them. Nothing runs yet. */
export function createSimulatedCluster(
  plan: Plan,
  { world, bug }: { readonly world: World; readonly bug: DeliberateBug | undefined },
): SimulatedCluster {
  const { cluster, seed } = plan;
  const randomOf = (stream: number): SeededRandom => createSeededRandom(seed * 1_000 + stream);
  const network = new Network(cluster, { world, random: randomOf(1) });
  const recorder = createHistoryRecorder({}, { clock: { nowMs: () => world.nowMs } });
  const evidence = new EvidenceCollector(
    { ...cluster, judgesDurability: cluster.durability === 'always' },
    { recorder, world },
  );
  const peers = Array.from({ length: cluster.nodes }, (_, index) => {
    const id = String.fromCharCode(97 + index);
    return { id, address: `${id}:1` };
  });
  const machines = peers.map(
    ({ id, address }, index) =>
      new Machine(
        {
          ...{ id, host: address },
          node: nodeOptions(plan, id, peers),
          clock: { skewMs: cluster.skewsMs[index]!, rate: cluster.rates[index]! },
        },
        {
          ...{ world, network },
          random: randomOf(100 + index),
          onAppended: evidence.appended,
          onAnswered: evidence.answered,
          composition: (): NodeComposition => ({
            ...bug?.composition(),
            observer: { stamped: (event) => evidence.stamped(event) },
          }),
          disksLie: bug?.disksLie === true,
        },
      ),
  );
  evidence.machines = machines;
  const endpoints = peers.map(({ address }) => address);
  const clients = plan.clients.map(
    (client, number) =>
      new SimulatedClient(
        { number, plan: client, endpoints: endpointsOf(client, endpoints) },
        { world, network, recorder, evidence, random: randomOf(200 + number) },
      ),
  );
  return { network, machines, clients, recorder, evidence, random: randomOf(2) };
}

function endpointsOf({ endpoint }: ClientPlan, all: readonly string[]): readonly string[] {
  return endpoint === undefined ? all : [all[endpoint % all.length]!];
}

function nodeOptions(
  { cluster }: Plan,
  id: string,
  peers: readonly { readonly id: string; readonly address: string }[],
): NodeOptions {
  return {
    id,
    peers,
    host: id,
    port: 1,
    dataDirectory: 'data',
    partitions: cluster.partitions,
    replicationFactor: cluster.replicationFactor,
    durability: cluster.durability,
    snapshotIntervalMs: cluster.snapshotIntervalMs,
    requestTimeoutMs: cluster.requestTimeoutMs,
    memoryBytesMax,
    antiEntropyIntervalMs,
    probeIntervalMs: cluster.nodes > 5 ? 2_000 : 1_000,
  };
}
