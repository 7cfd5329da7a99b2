import { describe, expect, it } from '@jest/globals';

import type { FaultKind } from '../faults/fault-kinds.js';
import { drawPlan } from '../plan/draw-plan.js';
import type { Plan, PlannedFault } from '../plan/plan.js';
import { runPlan } from './run-plan.js';

const target = 1;

function planned([kind, atMs, durationMs, amount]: readonly [FaultKind, number, number, number], id: number) {
  return { id, kind, atMs, durationMs, amount, target, other: 0 } satisfies PlannedFault;
}

/** Started while its clock was ahead (0.787: by 87 s), a member stamps until its peers tell; then it is started again. */
function planWith(amount: number): Plan {
  const drawn = drawPlan(1, { nodes: 3 });
  const faults = (
    [
      ['process-kill', 2_000, 1_000, 0],
      ['clock-jump-forward', 2_500, 4_000, amount],
      ['process-kill', 8_000, 1_000, 0],
    ] as const
  ).map(planned);
  return { ...drawn, faults, safetyMs: 12_000 };
}

async function startsAndServes(amount: number) {
  const { violations, trace } = await runPlan(planWith(amount), { readable: true });
  const said = trace.filter(({ who, text }) => who.startsWith('b#') && text.startsWith('info: serving'));
  return { violations, serving: said.map(({ who }) => who) };
}

describe('the liveness phase', () => {
  it('does not ask a member to serve before its clock has reached what it may have stamped', async () => {
    const { violations, serving } = await startsAndServes(0.787);
    expect(violations).toEqual([]);
    expect(serving).toEqual(['b#1', 'b#2']);
  }, 60_000);

  it('sees it serve where its clock was ahead for a moment only', async () => {
    const { violations, serving } = await startsAndServes(0.3);
    expect(violations).toEqual([]);
    expect(serving).toEqual(['b#1', 'b#2', 'b#3']);
  }, 60_000);
});
