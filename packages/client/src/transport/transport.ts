import type { KvError } from '@kv/errors';
import type {
  DescribeRequest,
  DescribeResponse,
  Operation,
  OperationResult,
  ScanRequest,
  ScanResponse,
  StatusRequest,
  StatusResponse,
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

/** What becomes of a batch. Nothing here is called from within `exchange`. */
export interface ExchangeSink {
  /** Of the operation at this place in the batch: at most once for each, in any order. */
  onResult(index: number, result: OperationResult): void;
  /** What came together has been handed over. */
  onResultsEnd(): void;
  /**
   * The operations without a result get none. The error's `outcome` is `not-applied` if certainly none of them was
   * handed to the network, and says otherwise that it cannot be told.
   */
  onFailure(error: KvError): void;
}

export interface Exchange {
  /** Nobody waits for the operation at this place any more: the node is told, and no result of it is reported. */
  cancel(index: number): void;
}

/** One node. Every call fails with a KvError only. */
export interface ClientConnection {
  /**
   * Hands over operations that travel as one message; the `id` of each is the transport's. All batches of a connection
   * share what it has: the transport neither orders them nor waits for one before it sends the next.
   */
  exchange(operations: readonly Operation[], sink: ExchangeSink): Exchange;
  scan(request: ScanRequest, options: CallOptions): AsyncIterable<ScanResponse>;
  describe(request: DescribeRequest, options: CallOptions): Promise<DescribeResponse>;
  status(request: StatusRequest, options: CallOptions): Promise<StatusResponse>;
  /** Frees the connection once the calls under way have ended; whoever closes it gives those up. */
  close(): void;
}
