import { type Timestamp, zeroTimestamp } from '@kv/hlc';

import type { LogPosition } from '../engine/engine.js';
import type { Log, LogState } from './log.js';

/** The log of an engine that keeps nothing: everything is as durable at once as it will ever be. */
export function createMemoryLog(): Log {
  let appended = 0;
  let ceiling: Timestamp = zeroTimestamp;
  let state: LogState = { kind: 'open' };
  const position = (): LogPosition => appended as LogPosition;
  return {
    get state() {
      return state;
    },
    get appended() {
      return position();
    },
    get written() {
      return position();
    },
    get sequence() {
      return appended;
    },
    get ceiling() {
      return ceiling;
    },
    append(records) {
      appended += records.length;
      return position();
    },
    durable: () => Promise.resolve(),
    isDurable: () => true,
    persistCeiling(next) {
      if (next > ceiling) ceiling = next;
      return Promise.resolve();
    },
    rotate: () => Promise.resolve({ sequence: 0, firstBatch: 0 }),
    sync: () => Promise.resolve(),
    release: () => undefined,
    stats: () => ({ logBytes: 0, appended, durable: appended, batches: 0, syncs: 0 }),
    close() {
      state = { kind: 'closed' };
      return Promise.resolve();
    },
  };
}
