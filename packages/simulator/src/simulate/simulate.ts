import { type Encoding, KvClient, type KvClientOptions } from '@kv/client';
import { createSeededRandom, type SeededRandom } from '@kv/testing';

import type { FaultKind } from '../faults/fault-kinds.js';
import { createSimulatedCluster, type SimulatedCluster } from '../machines/simulated-cluster.js';
import { createClientTransport } from '../network/client-transport.js';
import { drawPlan } from '../plan/draw-plan.js';
import type { Plan } from '../plan/plan.js';
import type { ProfileName } from '../plan/profiles.js';
import { Rallies } from '../runner/rallies.js';
import { runFaults } from '../runner/run-faults.js';
import { startCluster, stopCluster } from '../runner/start-and-stop.js';
import { SimulatedClock } from '../world/simulated-clock.js';
import { createSimulatedProcess } from '../world/simulated-process.js';
import { createSimulatedTimers } from '../world/simulated-timers.js';
import type { TraceLine } from '../world/trace.js';
import { World } from '../world/world.js';
import { createSimulatedNodes, type SimulatedNode } from './simulated-node.js';

export interface SimulateOptions<Result> {
  /** 3 to 9; default 3. */
  readonly nodes?: number;
  /** Everything random is drawn from it. The same seed and scenario give the same run. */
  readonly seed: number;
  /** Draws faults of all kinds from the seed while the scenario runs. Default false: only what the scenario does itself. */
  readonly faults?: boolean;
  /** Which kind of trouble the drawn faults lean to. Default: as the seed says. */
  readonly profile?: ProfileName;
  /** Keep the trace as text. Default false. */
  readonly readable?: boolean;
  /** What the application does. It runs in virtual time: real timers, clocks and randomness throw. */
  readonly scenario: (surroundings: Surroundings) => Promise<Result>;
}

export interface Surroundings {
  readonly nodes: readonly SimulatedNode[];
  /** A real client on a machine of its own. */
  readonly client: <K extends Encoding = 'utf8', V extends Encoding = 'utf8'>(
    options?: KvClientOptions<K, V>,
  ) => KvClient<K, V>;
  /** Virtual milliseconds pass. */
  readonly sleep: (ms: number) => Promise<void>;
  /** Virtual milliseconds since the beginning. */
  readonly nowMs: () => number;
  /** For the scenario's own choices. */
  readonly random: SeededRandom;
  /** Nobody of the first group reaches anybody of the second, by the ids of nodes. Returns what ends it. */
  readonly partition: (first: readonly string[], second: readonly string[]) => () => void;
}

export interface SimulationResult<Result> {
  readonly result: Result;
  readonly traceHash: string;
  readonly events: number;
  readonly simulatedMs: number;
  readonly faultsByKind: Readonly<Partial<Record<FaultKind, number>>>;
  readonly trace: readonly TraceLine[];
}

/**
 * Runs an application against a whole simulated cluster: the code of production on virtual time, everything random drawn
 * from one seed. One at a time in a process.
 *
 * @throws what the scenario throws; Error if the cluster does not start, or code under test touched the real world
 */
export async function simulate<Result>(options: SimulateOptions<Result>): Promise<SimulationResult<Result>> {
  const { nodes = 3, seed, faults = false, profile, readable = false, scenario } = options;
  const drawn = drawPlan(seed, { nodes, profile });
  const plan: Plan = { ...drawn, operations: [], clients: [], faults: faults ? drawn.faults : [] };
  const world = new World({ readable });
  const cluster = createSimulatedCluster(plan, { world, bug: undefined });
  const faultsByKind: Partial<Record<FaultKind, number>> = {};
  const result = await world.run(async () => {
    if (!(await startCluster(cluster.machines, world))) throw new Error('the cluster did not start');
    const running = runFaults(plan, { ...cluster, world, faultsByKind, rallies: new Rallies(world) });
    const surroundings = surroundingsOf(plan, { ...cluster, world });
    try {
      return await scenario(surroundings);
    } finally {
      await running.stop();
      await surroundings.close();
      await stopCluster({ ...cluster, clients: [] }, world);
    }
  });
  const defect = world.defects[0];
  if (defect !== undefined) throw new Error(`${defect.kind} at ${defect.atMs} ms: ${defect.message}`);
  const { trace, events, nowMs } = world;
  return {
    ...{ result, events, faultsByKind },
    traceHash: trace.hash,
    simulatedMs: nowMs,
    trace: trace.lines,
  };
}

function surroundingsOf(
  plan: Plan,
  cluster: SimulatedCluster & { readonly world: World },
): Surroundings & { close(): Promise<void> } {
  const { world, network, machines } = cluster;
  const clients: { close(): Promise<void> }[] = [];
  let cuts = 1_000;
  return {
    nodes: createSimulatedNodes(machines),
    client: <K extends Encoding = 'utf8', V extends Encoding = 'utf8'>(
      options: KvClientOptions<K, V> = {},
    ) => {
      const host = `client${clients.length + 1}`;
      const process = createSimulatedProcess(host);
      const clock = new SimulatedClock(world, { skewMs: 0, rate: 1 });
      const client = new KvClient<K, V>(
        machines.map((machine) => machine.host),
        options,
        {
          transport: createClientTransport(host, { network, process }),
          timers: createSimulatedTimers(world, { process, clock }),
          random: createSeededRandom(plan.seed * 1_000 + 500 + clients.length),
          clock,
        },
      );
      clients.push(client);
      return client;
    },
    sleep: (ms) => world.sleep(ms),
    nowMs: () => world.nowMs,
    random: createSeededRandom(plan.seed * 1_000 + 999),
    partition: (first, second) => {
      cuts += 1;
      const cut = cuts;
      const links = first.flatMap((a) =>
        second.flatMap((b) => [network.link(`${a}:1`, `${b}:1`), network.link(`${b}:1`, `${a}:1`)]),
      );
      for (const link of links) link.cuts.add(cut);
      return () => {
        for (const link of links) network.mend(link, cut);
      };
    },
    close: async () => {
      for (const client of clients) await client.close();
    },
  };
}
