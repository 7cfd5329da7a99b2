// Package kv.v1: what clients speak.
export {
  ClusterDefinition,
  type ClusterServiceImplementation,
  DescribeRequest,
  DescribeResponse,
  KeyHash,
  Member,
  MemberState,
  PartitionOwners,
  StatusRequest,
  StatusResponse,
} from './gen/kv/v1/cluster.js';
export { Error as ErrorMessage, Outcome as OutcomeMessage } from './gen/kv/v1/error.js';
export {
  ConsistencyLevel,
  DeleteRequest,
  DeleteResponse,
  GetRequest,
  GetResponse,
  KVDefinition,
  type KVServiceImplementation,
  MemberIncarnation,
  Operation,
  OperationResult,
  PreviousState,
  PutRequest,
  PutResponse,
  ReplicaReadRequest,
  ReplicaReadResponse,
  ReplicaWriteRequest,
  ReplicaWriteResponse,
  ScanEntry,
  ScanRequest,
  ScanResponse,
  SessionRequest,
  SessionResponse,
  TicketRequest,
  TicketResponse,
  Version,
} from './gen/kv/v1/kv.js';

// The same bytes as the messages' own methods, for less.
export { encodeDirectly, encodeFramed, framed, MessageBuilder } from './direct-writer.js';
export { decodeDirectly } from './direct-reader.js';
export { type OperationFields, readSessionRequest } from './session-reader.js';

// How failures travel.
export {
  type CallFailure,
  errorTrailerKey,
  grpcStatusOf,
  kvErrorFromFailure,
  kvErrorFromMessage,
  kvErrorToMessage,
  kvErrorToTrailer,
} from './error-status.js';
