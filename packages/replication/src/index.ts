// For whoever coordinates: the node's KV handlers.
export { createCoordinator, type Coordinator, type CoordinatorPorts } from './coordinator.js';
export type { CoordinatorCounters } from './counters.js';
export type { CoordinatorOptions } from './options.js';
export type { Clock, Placement, Random, Timers } from './ports.js';
export type {
  CallOptions,
  DeleteRequest,
  GetRequest,
  GetResult,
  PreviousValue,
  PutRequest,
  ScanEntry,
  ScanPage,
  ScanRequest,
  WriteResult,
} from './requests.js';
export { type ConsistencyLevel, quorumOf, replicasRequired } from './consistency-level.js';
export { keyBytesMax, operationIdBytes, ttlMsMax, valueBytesMax } from './limits.js';

// For whoever carries operations to replicas: the node's transport adapter and internal service.
export {
  type Incarnation,
  mayHaveBeenSent,
  type ReadOperation,
  type ReadReply,
  type Refusal,
  type RepairOperation,
  type Replica,
  ReplicaUnreachable,
  type ReplyFacts,
  type ScanOperation,
  type ScanReply,
  type WriteOperation,
  type WriteReply,
} from './replica.js';
export { createLocalReplica, type LocalReplicaPorts, type LocalView } from './local-replica.js';
export {
  createStampIssuer,
  type StampBounds,
  type StampIssuer,
  type StampIssuerPorts,
  type StampRefusal,
  type StampResult,
} from './stamp-issuer.js';

// The decisions themselves, for simulators, checkers and benchmarks.
export {
  createWriteCore,
  type WriteCore,
  type WriteCoreOptions,
  type WriteEffect,
  type WriteInput,
  type WriteRound,
} from './write-core.js';
export type { WriteAnswer } from './write-answer.js';
export type { WriteFailure } from './write-failure.js';
export type { PreviousRecord } from './previous-record.js';
export {
  createReadCore,
  type ReadAnswer,
  type ReadCore,
  type ReadCoreOptions,
  type ReadEffect,
  type ReadInput,
  type ReadResult,
} from './read-core.js';
export {
  createReadOneCore,
  type ReadOneCore,
  type ReadOneCoreOptions,
  type ReadOneEffect,
  type ReadOneInput,
} from './read-one-core.js';
export type { ReadFailure } from './read-failure.js';
export {
  createScanCore,
  type ScanAnswer,
  type ScanCore,
  type ScanCoreOptions,
  type ScanEffect,
  type ScanInput,
} from './scan-core.js';
