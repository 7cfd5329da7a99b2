import { type Timestamp, zeroTimestamp } from '@kv/hlc';

import { closed, failed, quietRejection } from './log-errors.js';
import type { LogSource, LogState, LogTap, WriteAheadLog } from './write-ahead-log.js';

/** Forgotten in pieces of this. */
const untakenBytesMax = 1024 * 1024;

/** The log of an engine that keeps nothing: everything is as durable at once as it will ever be. */
export function createVolatileLog(source: LogSource): WriteAheadLog {
  const taps = new Set<LogTap>();
  let ceiling: Timestamp = zeroTimestamp;
  let state: LogState = { kind: 'open' };
  let records = 0;
  let batches = 0;
  const takeAll = (): void => {
    while (source.untakenBytes > 0) {
      const batch = source.takeAppended(Infinity);
      records += batch.records;
      batches += 1;
      for (const tap of taps) tap(batch);
    }
  };
  return {
    get state() {
      return state;
    },
    kick() {
      // Ranges cost nothing until they are taken.
      if (taps.size > 0 || source.untakenBytes > untakenBytesMax) takeAll();
    },
    get written() {
      return source.appended;
    },
    get sequence() {
      return batches;
    },
    durable: () => (state.kind === 'closed' ? quietRejection(closed()) : Promise.resolve()),
    isDurable: () => true,
    get ceiling() {
      return ceiling;
    },
    persistCeiling(next) {
      if (next > ceiling) ceiling = next;
      return Promise.resolve();
    },
    rotate: () => Promise.resolve({ sequence: 1, firstBatch: batches + 1 }),
    sync() {
      takeAll();
      return Promise.resolve();
    },
    release: () => undefined,
    fail(error, what) {
      const failure = failed(what, error);
      state = { kind: 'failed', error: failure };
      return failure;
    },
    tap(tap) {
      taps.add(tap);
      return () => {
        taps.delete(tap);
      };
    },
    drain() {
      takeAll();
      return Promise.resolve();
    },
    stats() {
      takeAll();
      return { logBytes: 0, durable: records, batches, syncs: 0, logBytesWritten: 0 };
    },
    close() {
      state = { kind: 'closed' };
      return Promise.resolve();
    },
  };
}
