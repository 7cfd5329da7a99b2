import { describeOperation } from '@kv/testing/checkers';

import type { RunResult } from './run-plan.js';
import type { RunViolation } from './run-violation.js';

/** Milliseconds of the trace shown before the first operation concerned, and after the last. */
const marginMs = 30;
const linesMax = 250;

/** What went wrong, for a person: the violation, the operations concerned, and what happened around them. */
export function explain(result: RunResult, violation: RunViolation): string {
  const { operations } = result.history;
  const concerned = operations.filter(({ id }) => violation.operations.includes(id));
  const beganMs = Math.min(...concerned.map(({ beganMs }) => beganMs));
  const endedMs = Math.max(...concerned.map(({ endedMs }) => (endedMs === Infinity ? 0 : endedMs)));
  const isNear = (atMs: number): boolean => atMs >= beganMs - marginMs && atMs <= endedMs + marginMs;
  const around = result.trace.filter(({ atMs, who }) => who === 'fault' || isNear(atMs));
  const lines = around.slice(0, linesMax).map(({ atMs, who, text }) => {
    return `${atMs.toFixed(3).padStart(12)} ${who.padEnd(9)} ${text}`;
  });
  const more = around.length > linesMax ? [`  ... and ${around.length - linesMax} lines more`] : [];
  return [
    `${violation.checker}: ${violation.message}`,
    ...concerned.map((operation) => `  ${describeOperation(operation)}`),
    'faults, and what happened around these operations:',
    ...lines,
    ...more,
  ].join('\n');
}
