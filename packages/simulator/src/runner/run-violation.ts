import type { CheckerName, Verdict } from '@kv/testing/checkers';

import type { Defect } from '../world/world.js';

/**
 * What judges beside the checkers of histories: nothing throws or leaks in, everything becomes well again in time, and the
 * same seed gives the same run.
 */
export type RunCheckerName = CheckerName | EvidenceCheckerName | 'defect' | 'liveness' | 'deterministic';

/** What is judged while a run goes on: `rounds`: a conflict costs one more round, never more. `drift`: no stamp from far ahead. */
export type EvidenceCheckerName = 'rounds' | 'drift';

export interface RunViolation {
  readonly checker: RunCheckerName;
  readonly message: string;
  readonly key: string | undefined;
  readonly operations: readonly number[];
}

export function violationsOf(
  defects: readonly Defect[],
  problems: readonly RunViolation[],
  verdict: Verdict,
): RunViolation[] {
  return [
    ...defects.map(({ kind, message, atMs }): RunViolation => ({
      checker: 'defect',
      message: `${kind} at ${atMs.toFixed(1)} ms: ${message}`,
      key: undefined,
      operations: [],
    })),
    ...problems,
    ...verdict.violations,
  ];
}
