import type { StepName } from './plan.js';
import type { SystemName } from './systems/system.js';
import type { Measurement } from './task.js';

/** One figure of a system in a step, round after round. */
export interface Selection {
  readonly step: StepName;
  readonly system: SystemName;
  readonly figure: string;
  /** Default: that of the step's only label. */
  readonly label?: string | undefined;
}

export function select(
  measurements: readonly Measurement[],
  { step, system, figure, label }: Selection,
): number[] {
  return measurements
    .filter((each) => each.step === step && each.system === system && (label ?? each.label) === each.label)
    .sort((a, b) => a.round - b.round)
    .flatMap(({ figures }) => figures[figure] ?? []);
}
