import type { History, Operation } from './history.js';
import { indexHistory } from './indexed-history.js';
import { isWrite } from './key-history.js';

/** What a history consists of, so that a run can prove that it tested something. */
export interface HistoryFigures {
  readonly operations: number;
  readonly writes: Readonly<Record<'ok' | 'not-applied' | 'unknown', number>>;
  /** Reads that were answered. */
  readonly checkedReads: number;
  /** Pairs of operations on one key, at least one of them a write, that overlapped in time. */
  readonly concurrentPairs: number;
  /** Scans, and what they told. */
  readonly scans: number;
  readonly scannedEntries: number;
}

export function measureHistory(history: History): HistoryFigures {
  const writes = { ok: 0, 'not-applied': 0, unknown: 0 };
  let checkedReads = 0;
  for (const operation of history.operations) {
    if (isWrite(operation)) writes[operation.outcome] += 1;
    else if (operation.answer !== undefined) checkedReads += 1;
  }
  let concurrentPairs = 0;
  for (const { began, ended } of indexHistory(history).keys.values()) {
    const running = { reads: 0, writes: 0 };
    const count = (operation: Operation, by: number): void => {
      if (isWrite(operation)) running.writes += by;
      else running.reads += by;
    };
    let next = 0;
    for (const operation of began) {
      for (; next < ended.length && ended[next]!.endedMs < operation.beganMs; next += 1)
        count(ended[next]!, -1);
      concurrentPairs += running.writes + (isWrite(operation) ? running.reads : 0);
      count(operation, 1);
    }
  }
  const scans = history.scans ?? [];
  const scannedEntries = scans.reduce((sum, { entries }) => sum + entries.length, 0);
  const figures = { writes, checkedReads, concurrentPairs, scans: scans.length, scannedEntries };
  return { operations: history.operations.length, ...figures };
}
