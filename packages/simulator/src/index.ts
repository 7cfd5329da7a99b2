// For tests of applications: a real cluster in this process.
export { testCluster, type TestCluster, type TestClusterOptions } from './test-cluster/test-cluster.js';
export type { TestNode } from './test-cluster/test-node.js';

// For tests under faults: a cluster on virtual time.
export {
  simulate,
  type SimulateOptions,
  type SimulationResult,
  type Surroundings,
} from './simulate/simulate.js';
export type { SimulatedNode } from './simulate/simulated-node.js';
export { allFaultKinds, type FaultKind } from './faults/fault-kinds.js';
export { profileNames, type ProfileName } from './plan/profiles.js';
export type { TraceLine } from './world/trace.js';

// For those who hunt for faults of the store itself: what the command `sim` does.
export { type DrawOptions, drawPlan } from './plan/draw-plan.js';
export type { ClientPlan, ClusterPlan, Plan, PlannedFault, PlannedOperation } from './plan/plan.js';
export { runPlan, type RunOptions, type RunResult } from './runner/run-plan.js';
export { runSeed, type SeedOptions, type SeedReport } from './runner/run-seed.js';
export type { RunCheckerName, RunViolation } from './runner/run-violation.js';
export { shrinkRun } from './shrink/shrink-run.js';
export { bugNamed, deliberateBugs } from './bugs/bug-table.js';
export type { DeliberateBug } from './bugs/deliberate-bug.js';
