// For whoever coordinates: the node's KV handlers.
export { createCoordinator, type Coordinator, type CoordinatorPorts } from './coordinator/coordinator.js';
export type { Caller, RunningOperation } from './coordinator/caller.js';
export type { Submissions } from './coordinator/submissions.js';
export type { CoordinatorCounters } from './coordinator/counters.js';
export type { CoordinatorObserver, StampedEvent } from './coordinator/observer.js';
export type { CoordinatorOptions } from './options.js';
export type { Clock, Placement, Random, Timers } from './ports.js';
export type {
  CallOptions,
  DeleteRequest,
  GetRequest,
  GetResult,
  PreviousValue,
  PutRequest,
  ReplicaReadRequest,
  ReplicaReadResult,
  ReplicaWriteRequest,
  ReplicaWriteResult,
  ScanEntry,
  ScanPage,
  ScanRequest,
  TicketRequest,
  TicketResult,
  WriteResult,
} from './coordinator/requests.js';
export { type ConsistencyLevel, quorumOf, replicasRequired } from './consistency-level.js';
export { keyBytesMax, operationIdBytes, ttlMsMax, valueBytesMax } from './limits.js';

// For whoever carries operations to replicas: the node's transport adapter and internal service.
export {
  type BatchReplica,
  type ComparableReplica,
  type DigestOperation,
  type DigestReply,
  type HeadReply,
  type Incarnation,
  mayHaveBeenSent,
  type PartitionDigest,
  type ReadBatch,
  type ReadOperation,
  type ReadReply,
  type Refusal,
  type RepairBatch,
  type RepairOperation,
  type Replica,
  ReplicaUnreachable,
  type ReplyFacts,
  type ScanOperation,
  type ScanReply,
  type WriteBatch,
  type WriteOperation,
  type WriteReply,
} from './replica/replica.js';
export { bitAt, type Bits, bitsOf, countBits } from './replica/bits.js';
export {
  type Answers,
  type AnswersReceiver,
  type ReadAnswers,
  readAnswersOf,
  sameAnswer,
  type WriteAnswers,
  writeAnswersOf,
} from './replica/answers.js';
export {
  type AnswerReceiver,
  channelTo,
  type HeadAnswer,
  type ManyReads,
  type ManyWrites,
  notSent,
  perhapsSent,
  type ReadRequest,
  type ReplicaChannel,
  type Unreachable,
  unreachableBy,
  type WriteRequest,
} from './replica/channel.js';
export { type VersionColumn, versionBytes, writeUnknown, writeVersion } from './replica/version-column.js';
export { createLocalReplica } from './replica/local-replica.js';
export type { LocalReplicaPorts, LocalView, ReplicaObserver } from './replica/local-ports.js';
export {
  createStampIssuer,
  type StampBounds,
  type StampIssuer,
  type StampIssuerPorts,
  type StampRefusal,
  type StampResult,
} from './stamps/stamp-issuer.js';

// For a node that loses its data, and for copies that drift apart.
export {
  type AdmissionCore,
  type AdmissionEffect,
  type AdmissionInput,
  type AdmissionOptions,
  createAdmissionCore,
} from './rebuild/admission-core.js';
export {
  type Directory,
  type DirectoryVerdict,
  judgeDirectory,
  newerDirectory,
} from './rebuild/directory.js';
export {
  createRebuilder,
  type RebuildCounters,
  type Rebuilder,
  type RebuilderOptions,
} from './rebuild/rebuilder.js';
export {
  createRebuildCore,
  type RebuildCore,
  type RebuildCoreOptions,
  type RebuildEffect,
  type RebuildInput,
  type SourceFacts,
} from './rebuild/rebuild-core.js';
export {
  type AntiEntropy,
  type AntiEntropyCounters,
  type AntiEntropyOptions,
  createAntiEntropy,
} from './anti-entropy/anti-entropy.js';
export type { Background } from './anti-entropy/background.js';
export { comparePages, type CopyPage, type PageDifference } from './anti-entropy/compare-pages.js';
export { createDigestGatherer, type DigestGatherer } from './anti-entropy/digest-gatherer.js';
export { createPacer, type Pacer, type PacerOptions } from './anti-entropy/pacer.js';

// The decisions themselves, for simulators, checkers and benchmarks.
export {
  type Decisions,
  decisionsWith,
  type DigestSource,
  type RebuildTally,
  type ReplicaPart,
  soundDecisions,
  type WriteTally,
  type WriteVerdict,
} from './decisions.js';
export {
  createWriteCore,
  type WriteCore,
  type WriteCoreOptions,
  type WriteEffect,
  type WriteInput,
  type WriteRound,
} from './cores/write-core.js';
export type { WriteAnswer } from './cores/write-answer.js';
export type { WriteFailure } from './cores/write-failure.js';
export type { PreviousRecord } from './cores/previous-record.js';
export {
  createReadCore,
  type ReadAnswer,
  type ReadCore,
  type ReadCoreOptions,
  type ReadEffect,
  type ReadInput,
  type ReadResult,
} from './cores/read-core.js';
export {
  createReadOneCore,
  type ReadOneCore,
  type ReadOneCoreOptions,
  type ReadOneEffect,
  type ReadOneInput,
} from './cores/read-one-core.js';
export {
  createTicketCore,
  type TicketCore,
  type TicketCoreOptions,
  type TicketEffect,
  type TicketFailure,
  type TicketInput,
} from './cores/ticket-core.js';
export type { ReadFailure } from './cores/read-failure.js';
export {
  createScanCore,
  type ScanAnswer,
  type ScanCore,
  type ScanCoreOptions,
  type ScanEffect,
  type ScanInput,
} from './cores/scan-core.js';
