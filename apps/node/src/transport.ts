/**
 * The port between a node and the network: proto messages in, proto messages out, as bytes in a session. The gRPC adapter alone knows gRPC;
 * tests and the simulator bring transports of their own.
 */
import type {
  DeleteRequest,
  DeleteResponse,
  DescribeRequest,
  DescribeResponse,
  GetRequest,
  GetResponse,
  PutRequest,
  PutResponse,
  ScanRequest,
  ScanResponse,
  StatusRequest,
  StatusResponse,
  TicketRequest,
  TicketResponse,
} from '@kv/proto';
import type {
  DigestRequest,
  DigestResponse,
  PingRequest,
  PingResponse,
  ReadRequest,
  ReadResponse,
  RepairRequest,
  RepairResponse,
  ScanPartitionRequest,
  ScanPartitionResponse,
  WriteRequest,
  WriteResponse,
} from '@kv/proto/internal';

export interface NodeTransport {
  /**
   * Starts to answer calls.
   * @throws StartFailure `address` if nothing can listen there; one sentence that names host and port
   */
  listen(endpoint: { host: string; port: number }, services: NodeServices): Promise<Listener>;
  /** No I/O yet: the connection is made when it is first used, and again whenever it was lost. */
  connect(address: string): PeerConnection;
}

export interface Listener {
  /** The real one where 0 was asked for. */
  readonly port: number;
  /** What the health service answers. */
  setServing(serving: boolean): void;
  /** Takes no new calls, lets running ones finish for at most so long, then ends them. */
  close(options: { drainMs: number }): Promise<void>;
}

/** Handlers throw KvError; anything else thrown is a defect, and the caller learns no more than that. */
export interface NodeServices {
  readonly kv: KvService;
  readonly cluster: ClusterService;
  readonly replica: ReplicaService;
}

export interface CallContext {
  /** Aborted when the caller is gone. */
  readonly signal: AbortSignal;
  readonly metadata: { get(key: string): string | Uint8Array | undefined };
}

type Unary<Request, Response> = (request: Request, context: CallContext) => Promise<Response>;

export interface KvService {
  readonly get: Unary<GetRequest, GetResponse>;
  readonly put: Unary<PutRequest, PutResponse>;
  readonly delete: Unary<DeleteRequest, DeleteResponse>;
  readonly ticket: Unary<TicketRequest, TicketResponse>;
  scan(request: ScanRequest, context: CallContext): AsyncIterable<ScanResponse>;
  /** Begins a session with one client. The transport's way of a stream: what arrives is `receive`d, results are emitted. */
  session(ports: SessionPorts): Session;
}

export interface SessionPorts {
  /** Takes a SessionResponse, below the limit: results of one turn of the event loop. Never called from within `receive`. */
  readonly emit: (message: Buffer) => void;
}

/** The node's side of one session. */
export interface Session {
  /** Operations that are not answered yet. */
  readonly underWay: number;
  /**
   * Takes a SessionRequest; what is under way keeps views of its bytes.
   * @throws KvError `invalid-argument` for what makes it impossible to go on
   */
  receive(message: Uint8Array): void;
  /** Refuses what comes from now on; resolves once everything else is answered. */
  drained(): Promise<void>;
  /** The client is gone: gives up what is under way, and emits nothing any more. */
  close(): void;
}

export interface ClusterService {
  readonly describe: Unary<DescribeRequest, DescribeResponse>;
  readonly status: Unary<StatusRequest, StatusResponse>;
}

export interface ReplicaService {
  readonly write: Unary<WriteRequest, WriteResponse>;
  readonly repair: Unary<RepairRequest, RepairResponse>;
  readonly read: Unary<ReadRequest, ReadResponse>;
  readonly scanPartition: Unary<ScanPartitionRequest, ScanPartitionResponse>;
  readonly ping: Unary<PingRequest, PingResponse>;
  readonly digest: Unary<DigestRequest, DigestResponse>;
}

type Call<Request, Response> = (request: Request, options: { timeoutMs: number }) => Promise<Response>;

/**
 * Calls to one peer. They reject with a KvError if the peer answered with one, else with ReplicaUnreachable, whose
 * `sent` is false only if the request certainly never left. A call is given up after its `timeoutMs`.
 */
export interface PeerConnection {
  readonly write: Call<WriteRequest, WriteResponse>;
  readonly repair: Call<RepairRequest, RepairResponse>;
  readonly read: Call<ReadRequest, ReadResponse>;
  readonly scanPartition: Call<ScanPartitionRequest, ScanPartitionResponse>;
  readonly ping: Call<PingRequest, PingResponse>;
  readonly digest: Call<DigestRequest, DigestResponse>;
  readonly describe: Call<DescribeRequest, DescribeResponse>;
  /** Running calls are rejected. */
  close(): void;
}
