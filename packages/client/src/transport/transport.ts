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

/**
 * How the client reaches nodes. gRPC is one adapter (`grpcTransport()`); a test brings its own.
 */
export interface ClientTransport {
  /** Makes a handle; no I/O before its first call. */
  connect(endpoint: string): ClientConnection;
}

export interface CallOptions {
  /** The call ends when it aborts. The caller does not wait for that: it has given the call up. */
  readonly signal: AbortSignal;
  /** Told to the node, so that it answers, or gives up, a little earlier. Not a timer of the transport. */
  readonly timeoutMs?: number | undefined;
}

/**
 * One node. Every call fails with a KvError only. For a write the error's `outcome` says what is certain: `not-applied`
 * if the node said so or nothing was sent; left out where it cannot be told, which the client takes for `unknown`.
 */
export interface ClientConnection {
  get(request: GetRequest, options: CallOptions): Promise<GetResponse>;
  put(request: PutRequest, options: CallOptions): Promise<PutResponse>;
  delete(request: DeleteRequest, options: CallOptions): Promise<DeleteResponse>;
  ticket(request: TicketRequest, options: CallOptions): Promise<TicketResponse>;
  scan(request: ScanRequest, options: CallOptions): AsyncIterable<ScanResponse>;
  describe(request: DescribeRequest, options: CallOptions): Promise<DescribeResponse>;
  status(request: StatusRequest, options: CallOptions): Promise<StatusResponse>;
  /** Frees the connection once the calls under way have ended; whoever closes it aborts their signals. */
  close(): void;
}
