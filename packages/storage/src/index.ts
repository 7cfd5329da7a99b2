// The embedded store, for applications.
export { open } from './open.js';
export type { BatchOperation, KvStore, PutOptions, RangeOptions } from './store.js';
export type { StoreOptions } from './store-options.js';
export type { Entries } from './store-entries.js';
export type { Decoded, Encodable, Encoding } from './encodings.js';

// The engine, for replication.
export { openEngine } from './open-engine.js';
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

// The real surroundings.
export { nodeFileSystem } from './node-file-system.adapter.js';
export { systemClock, systemTimers, type SystemTimersOptions } from './system-ports.adapter.js';
