import type { Level } from '@kv/testing/checkers';

import type { SimulatedClient } from '../history/simulated-client.js';
import { isClockWaitDue } from '../machines/clock-wait.js';
import type { Machine } from '../machines/machine.js';
import type { SimulatedCluster } from '../machines/simulated-cluster.js';
import { isCold, type Plan, type PlannedOperation } from '../plan/plan.js';
import type { World } from '../world/world.js';
import { finalStates } from './final-states.js';
import type { RunViolation } from './run-violation.js';
import { waitUntil } from './start-and-stop.js';

/** After the last fault every operation succeeds within this time ... */
const operationsMs = 5_000;
/** ... and all replicas of a partition are equal. */
const convergenceMs = 30_000;

export interface LivenessRun extends SimulatedCluster {
  readonly world: World;
}

/** Faults have stopped: things must become well again by themselves. */
export async function runLiveness(plan: Plan, run: LivenessRun): Promise<RunViolation[]> {
  const { world, machines, clients, recorder } = run;
  const healedMs = world.nowMs;
  await world.sleep(operationsMs);
  const problems: RunViolation[] = [];
  const levels = levelsOf(plan);
  const keys = [...levels.keys()];
  const first = 1 + Math.max(0, ...plan.operations.map(({ id }) => id));
  const able = ableClients(plan, machines, world.nowMs - healedMs);
  await Promise.all(
    keys.map(async (key, index) => {
      const number = able[index % able.length]!;
      const client = clients[number]!;
      for (const operation of livenessOperations(key, levels.get(key)!, {
        id: first + index * 3,
        client: number,
      })) {
        if (await succeeds(client, operation)) continue;
        const message = `${operation.kind} at ${operation.level} still fails ${operationsMs} ms after the last fault`;
        problems.push({ checker: 'liveness', message, key, operations: [] });
      }
    }),
  );
  const areEqual = (): boolean =>
    machines.every((machine) => isWell(machine, world.nowMs - healedMs)) &&
    finalStates(plan, machines)?.isEqual === true;
  const withinMs = healedMs + convergenceMs - world.nowMs;
  const isConverged = await waitUntil(areEqual, { withinMs, world });
  const states = finalStates(plan, machines);
  for (const state of states?.states ?? []) recorder.final(state);
  if (!isConverged) problems.push(notConverged(run, states?.differing ?? []));
  return problems;
}

/** Numbers of those that do not ask only a member that cannot serve yet: no other would be asked in its place. */
function ableClients(plan: Plan, machines: readonly Machine[], rightForMs: number): readonly number[] {
  const numbers = plan.clients.flatMap(({ endpoint }, number) => {
    const only = endpoint === undefined ? undefined : machines[endpoint % machines.length]!;
    return only !== undefined && waitsForClock(only, rightForMs) ? [] : [number];
  });
  return numbers.length > 0 ? numbers : plan.clients.map((_, number) => number);
}

/** It serves, or has to wait for its clock: that is not over before the clock's error is, which may be an hour. */
function isWell(machine: Machine, rightForMs: number): boolean {
  if (machine.isServing) return !machine.isDoubtful;
  // Whether what its disk lost mattered shows when it serves; that it is marked would show at once.
  return waitsForClock(machine, rightForMs) && machine.engine?.suspectPartitions.size === 0;
}

function waitsForClock({ isServing, readyInMs, clock }: Machine, rightForMs: number): boolean {
  const { aheadMs } = clock.errorsMs;
  return !isServing && isClockWaitDue({ readyInMs, aheadMs, skewMs: clock.skewMs(), rightForMs });
}

function succeeds(client: SimulatedClient, operation: PlannedOperation): Promise<boolean> {
  return client.run(operation);
}

/** A key that was used at LINEARIZABLE alone stays so: only then is it promised to be a register. */
function levelsOf({ operations }: Plan): Map<string, Level> {
  const levels = new Map<string, Level>();
  for (const { key, kind, level } of operations) {
    if (kind === 'scan' || isCold(key)) continue;
    const isLinearizable = level === 'linearizable' && levels.get(key) !== 'quorum';
    levels.set(key, isLinearizable ? 'linearizable' : 'quorum');
  }
  return levels;
}

function livenessOperations(
  key: string,
  level: Level,
  { id, client }: { readonly id: number; readonly client: number },
): PlannedOperation[] {
  const common = { client, strand: 0, key, thinkMs: 0, ttlMs: 0, valueBytes: 10, abandonMs: 0 };
  const rest = { timeoutMs: 5_000, wantPrevious: true } as const;
  return [
    { ...common, ...rest, id, kind: 'get', level },
    { ...common, ...rest, id: id + 1, kind: 'put', level },
    { ...common, ...rest, id: id + 2, kind: 'get', level: 'all' },
  ];
}

function notConverged({ machines }: LivenessRun, differing: readonly number[]): RunViolation {
  const notServing = machines
    .filter(({ isServing }) => !isServing)
    .map(({ id, readyInMs }) => (readyInMs > 0 ? `${id} (its clock is ready in ${readyInMs} ms)` : id));
  const doubtful = machines.filter(({ isDoubtful }) => isDoubtful).map(({ id }) => id);
  const facts = `not serving: ${notServing.join(', ') || 'none'}; doubtful: ${doubtful.join() || 'none'}; partitions that differ: ${differing.join() || 'none'}`;
  return {
    checker: 'convergent',
    message: `replicas are not equal ${convergenceMs} ms after the last fault: ${facts}`,
    key: undefined,
    operations: [],
  };
}
