import { isTimestamp, plusMs, type Timestamp } from '@kv/hlc';

import type { Clock } from '../ports.js';

/**
 * What time the servers have, as far as this client can tell: the last server time it was told, plus the time that
 * passed here since. It lags by the way of that answer, never runs ahead of the node that gave it, and follows that
 * node's clock rather than the machine's own, which may be wrong by hours.
 */
export interface ServerTime {
  /** @param nowMs by the monotonic clock: when it came, if the caller knows */
  observe(serverTime: number, nowMs?: number): void;
  /** Undefined before the first answer. @param nowMs by the monotonic clock, if the caller has looked */
  now(nowMs?: number): Timestamp | undefined;
}

export function createServerTime(clock: Clock): ServerTime {
  let seen: Timestamp | undefined;
  let seenAtMs = 0;
  return {
    observe(serverTime, nowMs = clock.monotonicMs()) {
      // The last one, not the greatest: after a change to a node whose clock is behind, ceilings made
      // with the other's time would be beyond the new one's drift bound.
      if (!(serverTime > 0 && isTimestamp(serverTime))) return;
      seen = serverTime;
      seenAtMs = nowMs;
    },
    now(nowMs = clock.monotonicMs()) {
      if (seen === undefined) return undefined;
      return plusMs(seen, Math.max(0, Math.floor(nowMs - seenAtMs)));
    },
  };
}
