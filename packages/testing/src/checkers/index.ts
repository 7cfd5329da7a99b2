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
  type RecordedWrite,
  type RecorderClock,
  type WriteStart,
} from './history-recorder.js';
