// For applications.
export { KvClient } from './kv-client.js';
export { type KeyValueEntry, type ValueEntry, type WriteResult } from './operations/entry.js';
export {
  type CallerOptions,
  type ConsistencyLevel,
  consistencyLevels,
  type KvClientOptions,
  type PutOptions,
  type ReadOptions,
  type ScanOptions,
  type WriteOptions,
} from './options.js';
export { type DecodedTypes, type EncodableTypes, type Encoding } from './encoding.js';
export { type Previous, unknown } from './operations/previous.js';
export { type ErrorCode, isKvError, KvError, type Outcome } from '@kv/errors';
export { compareVersions, type Timestamp, type Version } from '@kv/hlc';

// For observers.
export {
  type ConnectionEvent,
  type HedgeEvent,
  type OperationEvent,
  type RetryEvent,
} from './diagnostics.js';

// For tools.
export {
  type ClusterDescription,
  type ClusterMember,
  type NodeStatus,
} from './operations/cluster-description.js';
export { keyBytesMax, timeoutMsDefault, valueBytesMax } from './limits.js';

// For tests, and other ways to reach a node.
export { type Clock, type Random, type Timers } from './ports.js';
export { type KvClientPorts } from './options.js';
export {
  type CallOptions,
  type ClientConnection,
  type ClientTransport,
  type Exchange,
  type ExchangeSink,
} from './transport/transport.js';
export { grpcTransport } from './transport/grpc-transport.adapter.js';
