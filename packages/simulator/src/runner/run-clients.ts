import type { SimulatedClient } from '../history/simulated-client.js';
import type { Plan, PlannedOperation } from '../plan/plan.js';
import type { World } from '../world/world.js';
import type { Rallies, Strand } from './rallies.js';

export interface ClientsRun {
  readonly clients: readonly SimulatedClient[];
  readonly world: World;
  /** What has not begun by then does not begin. */
  readonly endMs: number;
  readonly rallies: Rallies;
}

/** Every client does its operations, each strand one after the other. */
export async function runClients(plan: Plan, run: ClientsRun): Promise<void> {
  const strands = new Map<string, PlannedOperation[]>();
  for (const operation of plan.operations) {
    const name = `${operation.client}/${operation.strand}`;
    const strand = strands.get(name) ?? [];
    strand.push(operation);
    strands.set(name, strand);
  }
  await Promise.all([...strands.values()].map((operations) => runStrand(operations, plan, run)));
}

async function runStrand(
  operations: readonly PlannedOperation[],
  plan: Plan,
  { clients, world, endMs, rallies }: ClientsRun,
): Promise<void> {
  const number = operations[0]!.client;
  const client = clients[number]!;
  const strand: Strand = { node: plan.clients[number]!.endpoint, sleep: (delayMs) => client.sleep(delayMs) };
  for (const operation of operations) {
    await rallies.pause(strand, operation.thinkMs);
    if (world.nowMs >= endMs) return;
    await client.run(rallies.shaped(strand, operation));
  }
}
