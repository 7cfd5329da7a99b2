// What is judged.
export type {
  Acknowledgement,
  Appended,
  Evidence,
  FinalRecord,
  FinalState,
  History,
  Level,
  Operation,
  Outcome,
  PreviousReport,
  ReadAnswer,
  ReadOperation,
  Scan,
  ScannedEntry,
  Stamp,
  Version,
  WriteOperation,
} from './history.js';
export {
  createHistoryRecorder,
  type HistoryRecorder,
  type HistoryRecorderOptions,
  type ReadStart,
  type RecordedRead,
  type RecordedScan,
  type RecordedWrite,
  type RecorderClock,
  type WriteStart,
} from './history-recorder.js';

// Judging it.
export { check, type CheckOptions } from './check.js';
export {
  type CheckerFigures,
  type CheckerName,
  checkerNames,
  type RegisterFigures,
  type Verdict,
  type Violation,
} from './verdict.js';
export { type HistoryFigures, measureHistory } from './measure.js';
export { describeOperation } from './describe-operation.js';

// Short histories of one register, judged by search.
export { isLinearizable, isLinearizableByAllOrders, refereeOperationsMax } from './referee.js';

// Histories to test checkers with: valid ones, what is wrong with them then, and short ones of either kind.
export { generateHistory, type GenerateOptions } from './generator/generate-history.js';
export { corruptHistory, type Corruption } from './generator/corrupt-history.js';
export { generateRegister, type RegisterOptions } from './generator/generate-register.js';
