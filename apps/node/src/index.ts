// A cluster member.
export { createNode, type Node } from './node.js';
export { defaults, memoryDirectory, type NodeOptions } from './options.js';
export { isStartFailure, StartFailure, type StartFailureReason } from './errors.js';
export type { Member, MemberLiveness } from './cluster/members.js';
export { formatPeerList, parsePeerList, type Peer } from './configuration/peer-list.js';
export { softwareVersion } from './version.js';

// For simulators.
export { memberMemoryIntervalMs } from './limits.js';
export type { NodeComposition, NodeObserver, OpenedEvent } from './composition.js';
export type { FixedPlacement } from './cluster/placement.js';

// What it touches: the interfaces, for simulated ones, and the real ones.
export type { Clock, Logger, LoopDelay, NodePorts, Random, Timers } from './ports.js';
export type {
  CallContext,
  ClusterService,
  KvService,
  Listener,
  NodeServices,
  NodeTransport,
  PeerConnection,
  ReplicaService,
} from './transport.js';
export { systemPorts } from './system-ports.adapter.js';
export { systemRandom } from './random.adapter.js';
export { grpcTransport } from './grpc/grpc-transport.adapter.js';

// How `kv-node` ends.
export { type ExitCode, exitCodes } from './process/exit-codes.js';
