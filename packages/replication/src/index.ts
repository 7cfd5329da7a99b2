// For whoever coordinates: the node's KV handlers.
export { type ConsistencyLevel, quorumOf, replicasRequired } from './consistency-level.js';
export {
  type Clock,
  type Coordinator,
  type CoordinatorCounters,
  type CoordinatorOptions,
  type CoordinatorPorts,
  type Placement,
  type Random,
  type Timers,
} from './coordinator.js';
export {
  type CallOptions,
  type DeleteRequest,
  type GetRequest,
  type GetResult,
  type PreviousValue,
  type PutRequest,
  type ScanEntry,
  type ScanPage,
  type ScanRequest,
  type WriteResult,
} from './requests.js';

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
export { type StampBounds, type StampIssuer, type StampRefusal, type StampResult } from './stamp-issuer.js';
