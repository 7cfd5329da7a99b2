import { ChannelCredentials, connectivityState } from '@grpc/grpc-js';
import { KvError } from '@kv/errors';
import { ClusterDefinition, errorTrailerKey, KVDefinition, kvErrorFromFailure } from '@kv/proto';
import { type Channel, ClientError, createChannel, createClient, Metadata } from 'nice-grpc';

import { hostAndPort } from '../attempts/endpoint.js';
import { keepAliveMs, keepAliveTimeoutMs, messageBytesReceivedMax, messageBytesSentMax } from '../limits.js';
import { GrpcSession } from './grpc-session.adapter.js';
import type { CallOptions, ClientConnection, ClientTransport } from './transport.js';

const channelOptions = {
  'grpc.max_receive_message_length': messageBytesReceivedMax,
  'grpc.max_send_message_length': messageBytesSentMax,
  'grpc.keepalive_time_ms': keepAliveMs,
  'grpc.keepalive_timeout_ms': keepAliveTimeoutMs,
  // gRPC's own retries know neither ceilings nor outcomes.
  'grpc.enable_retries': 0,
  // A node that restarts is found again within a second, not within grpc's two minutes.
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1_000,
  // Two clients in one process shall not share a connection: closing one would not free it.
  'grpc.use_local_subchannel_pool': 1,
  'grpc.service_config_disable_resolution': 1,
  // Nodes are neighbours: a proxy meant for the web does not know them.
  'grpc.enable_http_proxy': 0,
};

/**
 * gRPC: calls by nice-grpc on grpc-js, and batches of operations by a session on a connection of its own. A call is made
 * only on an established connection, so the failure to establish one is certain to have sent nothing, and says
 * `not-applied`. Once the call was handed to grpc-js, a failure that does not carry our trailer leaves the outcome open:
 * grpc-js does not tell whether the request left the machine.
 */
export function grpcTransport(): ClientTransport {
  return { connect: grpcConnection };
}

function grpcConnection(endpoint: string): ClientConnection {
  const channel = createChannel(endpoint, ChannelCredentials.createInsecure(), channelOptions);
  const kv = createClient(KVDefinition, channel);
  const cluster = createClient(ClusterDefinition, channel);
  const connected = connector(channel);
  const state = { closed: false };
  const session = new GrpcSession(hostAndPort(endpoint));

  async function connect(): Promise<void> {
    // A closed channel of grpc-js that is asked for its state comes to life again.
    if (!state.closed) await connected();
    if (state.closed) throw new KvError('closed', 'the connection was closed', { outcome: 'not-applied' });
  }

  async function unary<Request, Response>(
    method: (request: Request, options: GrpcCallOptions) => Promise<Response>,
    request: Request,
    options: CallOptions,
  ): Promise<Response> {
    await connect();
    const call = new Call(options);
    try {
      return await method(request, call.options);
    } catch (error) {
      throw call.failure(error);
    }
  }

  return {
    exchange: (operations, sink) => session.exchange(operations, sink),
    async *scan(request, options) {
      await connect();
      const call = new Call(options);
      try {
        yield* kv.scan(request, call.options);
      } catch (error) {
        throw call.failure(error);
      }
    },
    describe: (request, options) => unary(cluster.describe, request, options),
    status: (request, options) => unary(cluster.status, request, options),
    close() {
      state.closed = true;
      session.close();
      channel.close();
    },
  };
}

interface GrpcCallOptions {
  readonly metadata: Metadata;
  readonly signal: AbortSignal;
  readonly onTrailer: (trailer: Metadata) => void;
}

/** One call's options, and what its trailer said. */
class Call {
  readonly options: GrpcCallOptions;
  #trailer: Uint8Array | undefined;

  constructor({ signal, timeoutMs }: CallOptions) {
    const metadata = new Metadata();
    if (timeoutMs !== undefined) metadata.set('kv-timeout-ms', String(Math.ceil(timeoutMs)));
    this.options = {
      metadata,
      signal,
      onTrailer: (trailer) => {
        this.#trailer = trailer.get(errorTrailerKey);
      },
    };
  }

  failure(cause: unknown): KvError {
    if (cause instanceof ClientError) {
      const { code: status, details } = cause;
      return kvErrorFromFailure({ status, details, trailer: this.#trailer, cause });
    }
    if (this.options.signal.aborted) return new KvError('timeout', 'the call was given up', { cause });
    const message = cause instanceof Error ? cause.message : String(cause);
    return new KvError('internal', message, { cause });
  }
}

/** Waits for the connection; callers that come meanwhile share the wait. */
function connector(channel: Channel): () => Promise<void> {
  let waiting: Promise<void> | undefined;
  return async () => {
    if (channel.getConnectivityState(true) === connectivityState.READY) return;
    waiting ??= established(channel).finally(() => {
      waiting = undefined;
    });
    await waiting;
  };
}

async function established(channel: Channel): Promise<void> {
  for (;;) {
    const state = channel.getConnectivityState(true);
    switch (state) {
      case connectivityState.READY:
        return;
      case connectivityState.SHUTDOWN:
        return; // Closed meanwhile, as the caller sees.
      case connectivityState.TRANSIENT_FAILURE:
        // grpc-js goes on trying by itself; whoever asks meanwhile is told at once and can go elsewhere.
        throw new KvError('unavailable', 'no connection', { outcome: 'not-applied' });
      case connectivityState.IDLE:
      case connectivityState.CONNECTING:
        await changeFrom(channel, state);
    }
  }
}

function changeFrom(channel: Channel, state: connectivityState): Promise<void> {
  return new Promise((resolve, reject) => {
    channel.watchConnectivityState(state, Infinity, (error) => {
      if (error === undefined) resolve();
      else reject(error);
    });
  });
}
