import type { DeliberateBug } from '../bugs/deliberate-bug.js';
import type { Plan } from '../plan/plan.js';
import { runPlan } from '../runner/run-plan.js';
import type { RunCheckerName } from '../runner/run-violation.js';
import { shrink } from './shrink.js';

/** A run takes about a second: minutes, not hours. */
const triesMax = 250;

/** The smallest plan found under which the same checker still objects. */
export function shrinkRun(
  plan: Plan,
  { checker, bug }: { readonly checker: RunCheckerName; readonly bug: DeliberateBug | undefined },
): Promise<Plan> {
  const stillFails = async (candidate: Plan): Promise<boolean> => {
    const { violations } = await runPlan(candidate, { bug });
    return violations.some((violation) => violation.checker === checker);
  };
  return shrink(plan, stillFails, { triesMax });
}
