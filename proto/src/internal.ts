/** Package kv.internal.v1: what the nodes of one cluster speak among themselves. May change with any version. */
export {
  LinkRequest,
  LinkResponse,
  ReplicaDefinition,
  type ReplicaServiceImplementation,
} from './gen/kv/internal/v1/link.js';
export {
  DigestRequest,
  DigestResponse,
  Directory,
  DirectoryVerdict,
  Incarnation,
  PartitionDigest,
  PingRequest,
  PingResponse,
  ReadRequest,
  ReadResponse,
  ReadStatus,
  RepairRequest,
  RepairResponse,
  ReplyHeader,
  RequestHeader,
  ScanPartitionRequest,
  ScanPartitionResponse,
  WriteRequest,
  WriteResponse,
  WriteResults,
  WriteStatus,
} from './gen/kv/internal/v1/replica.js';

export { replicaMethods } from './replica-methods.js';
