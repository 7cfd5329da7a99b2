import { type History, type HistoryFigures, measureHistory, check, type Verdict } from '@kv/testing/checkers';

import type { DeliberateBug } from '../bugs/deliberate-bug.js';
import type { FaultKind } from '../faults/fault-kinds.js';
import { createSimulatedCluster } from '../machines/simulated-cluster.js';
import type { Plan } from '../plan/plan.js';
import type { TraceLine } from '../world/trace.js';
import { World } from '../world/world.js';
import { Rallies } from './rallies.js';
import { runFaults } from './run-faults.js';
import { runLiveness } from './liveness.js';
import { runClients } from './run-clients.js';
import { type RunViolation, violationsOf } from './run-violation.js';
import { startCluster, stopCluster } from './start-and-stop.js';

export interface RunOptions {
  /** Keep a trace to read. */
  readonly readable?: boolean | undefined;
  /** Planted in every node. */
  readonly bug?: DeliberateBug | undefined;
}

export interface RunResult {
  readonly seed: number;
  readonly violations: readonly RunViolation[];
  readonly verdict: Verdict;
  readonly history: History;
  readonly figures: HistoryFigures;
  readonly faultsByKind: Readonly<Partial<Record<FaultKind, number>>>;
  readonly traceHash: string;
  readonly events: number;
  readonly simulatedMs: number;
  readonly trace: readonly TraceLine[];
}

/** By which two runs of one plan are compared. */
export type RunTrace = Pick<RunResult, 'traceHash' | 'events'>;

/** Runs a plan from the first node's start to the verdict. The same plan gives the same result, whatever the machine. */
export async function runPlan(plan: Plan, options: RunOptions = {}): Promise<RunResult> {
  const { world, cluster, problems, faultsByKind, history } = await perform(plan, options);
  const verdict = check(history);
  return {
    seed: plan.seed,
    violations: violationsOf(world.defects, [...problems, ...cluster.evidence.problems], verdict),
    verdict,
    history,
    figures: measureHistory(history),
    faultsByKind,
    traceHash: world.trace.hash,
    events: world.events,
    simulatedMs: world.nowMs,
    trace: world.trace.lines,
  };
}

/** Runs a plan once more, for its trace: the same history need not be judged twice. */
export async function retrace(plan: Plan, options: RunOptions = {}): Promise<RunTrace> {
  const { world } = await perform(plan, options);
  return { traceHash: world.trace.hash, events: world.events };
}

async function perform(plan: Plan, options: RunOptions) {
  const world = new World({ readable: options.readable });
  const cluster = createSimulatedCluster(plan, { world, bug: options.bug });
  const problems: RunViolation[] = [];
  const faultsByKind: Partial<Record<FaultKind, number>> = {};
  await world.run(async () => {
    const started = await startCluster(cluster.machines, world);
    if (!started) {
      problems.push({
        checker: 'liveness',
        message: 'the cluster did not start',
        key: undefined,
        operations: [],
      });
      return;
    }
    const startedMs = world.nowMs;
    const rallies = new Rallies(world);
    const faults = runFaults(plan, { ...cluster, world, faultsByKind, rallies });
    await runClients(plan, {
      ...{ clients: cluster.clients, world, rallies },
      endMs: startedMs + plan.safetyMs,
    });
    await world.sleep(startedMs + plan.safetyMs - world.nowMs);
    await faults.stop();
    problems.push(...(await runLiveness(plan, { ...cluster, world })));
    problems.push(...(await stopCluster(cluster, world)));
  });
  cluster.evidence.settle();
  cluster.recorder.expiresWithin(cluster.evidence.expiryToleranceMs);
  const history = cluster.recorder.history();
  world.trace.text(JSON.stringify(history.operations.map(({ endedMs }) => endedMs)));
  return { world, cluster, problems, faultsByKind, history };
}
