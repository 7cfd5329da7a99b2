import type { SimulatedClient } from '../history/simulated-client.js';
import type { Machine } from '../machines/machine.js';
import type { World } from '../world/world.js';
import type { RunViolation } from './run-violation.js';

const startMsMax = 20_000;
const stopMsMax = 20_000;
const lookEveryMs = 50;

/** Returns whether every node serves. */
export async function startCluster(machines: readonly Machine[], world: World): Promise<boolean> {
  for (const machine of machines) machine.start();
  return waitUntil(() => machines.every(({ isServing }) => isServing), { withinMs: startMsMax, world });
}

/** Everything can be stopped, and ends. */
export async function stopCluster(
  {
    machines,
    clients,
  }: { readonly machines: readonly Machine[]; readonly clients: readonly SimulatedClient[] },
  world: World,
): Promise<RunViolation[]> {
  await Promise.all(clients.map((client) => client.close()));
  let stopped = false;
  void Promise.all(machines.map((machine) => machine.stop())).then(() => {
    stopped = true;
  });
  if (await waitUntil(() => stopped, { withinMs: stopMsMax, world })) return [];
  return [{ checker: 'liveness', message: 'the nodes did not stop', key: undefined, operations: [] }];
}

export async function waitUntil(
  isSo: () => boolean,
  { withinMs, world }: { readonly withinMs: number; readonly world: World },
): Promise<boolean> {
  const endMs = world.nowMs + withinMs;
  while (!isSo()) {
    if (world.nowMs >= endMs) return false;
    await world.sleep(lookEveryMs);
  }
  return true;
}
