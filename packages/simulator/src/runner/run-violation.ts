import type { CheckerName, Verdict } from '@kv/testing/checkers';

import type { Defect } from '../world/world.js';

/** What judges beside the checkers of histories: nothing throws, nothing leaks in, everything comes back in time. */
export type RunCheckerName = CheckerName | 'defect' | 'liveness';

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
