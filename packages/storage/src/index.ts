// The engine, for replication.
export type {
  ApplyResult,
  EngineStats,
  LogPosition,
  RecoveryReport,
  RefusalCode,
  ScanOptions,
  StorageEngine,
  StoredRecord,
} from './engine.js';
export { type Durability, type EngineOptions } from './options.js';
export type {
  Clock,
  DirectoryLock,
  EnginePorts,
  FileSystem,
  Logger,
  ReadableFile,
  Timers,
  WritableFile,
} from './ports.js';

// The record format.
export { encodeRecord, type RecordFields } from './encode-record.js';
export {
  compareRecords,
  hashKey,
  isExpired,
  partitionOfHash,
  readRecord,
  readRecords,
  type RecordView,
} from './record.js';
