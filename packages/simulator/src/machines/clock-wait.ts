import { maxDriftMsDefault } from '@kv/hlc';

/** What a member's clock keeps it waiting for, and what of its clock can explain it. */
export interface ClockWait {
  /** Until its clock has reached what it may have stamped in its life before. */
  readonly readyInMs: number;
  /** How far ahead of true time its clock ever was. */
  readonly aheadMs: number;
  /** By how much its clock is ahead of true time now. */
  readonly skewMs: number;
  /** Since its clock was put right. */
  readonly rightForMs: number;
}

/**
 * Whether a member stays out because it has to, and for no longer than that: it may have stamped as far ahead as its clock
 * was wrong, and a stranger's stamp may have led it further by the drift that is tolerated. A wait beyond that is a defect.
 */
export function isClockWaitDue({ readyInMs, aheadMs, skewMs, rightForMs }: ClockWait): boolean {
  const explainedMs = aheadMs + maxDriftMsDefault - skewMs - rightForMs;
  return readyInMs > 0 && readyInMs <= explainedMs;
}
