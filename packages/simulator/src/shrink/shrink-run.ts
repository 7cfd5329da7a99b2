import type { DeliberateBug } from '../bugs/deliberate-bug.js';
import type { Plan } from '../plan/plan.js';
import { runPlan } from '../runner/run-plan.js';
import type { RunCheckerName } from '../runner/run-violation.js';
import { shrink } from './shrink.js';

/** A run takes about a second: minutes, not hours. */
const triesMax = 250;

interface Failing {
  readonly checker: RunCheckerName;
  readonly bug: DeliberateBug | undefined;
}

/** The smallest plan found under which the same checker still objects. */
export async function shrinkRun(plan: Plan, { checker, bug }: Failing): Promise<Plan> {
  const stillFails = async (candidate: Plan): Promise<boolean> => {
    const { violations } = await runPlan(candidate, { bug });
    return violations.some((violation) => violation.checker === checker);
  };
  const shorter = await endingWithViolation(plan, { checker, bug });
  const start = shorter !== undefined && (await stillFails(shorter)) ? shorter : plan;
  return shrink(start, stillFails, { triesMax });
}

/** What was to come after the first violation has no part in it, and makes every try longer. */
async function endingWithViolation(plan: Plan, { checker, bug }: Failing): Promise<Plan | undefined> {
  const { violations, history } = await runPlan(plan, { bug });
  const ends = violations
    .filter((violation) => violation.checker === checker)
    .map(({ operations }) => Math.max(...operations.map((id) => history.operations[id]!.endedMs)));
  const endMs = Math.min(...ends.filter((ms) => ms > 0));
  if (!(endMs < plan.safetyMs)) return undefined;
  return { ...plan, safetyMs: endMs, faults: plan.faults.filter(({ atMs }) => atMs < endMs) };
}
