/**
 * Calls to one peer over one gRPC channel.
 *
 * What needs care is `sent`: a write may be called "not applied" only if it certainly never left (protocol rule 12). So
 * a call is handed to gRPC only while the channel is connected; before that moment every failure is "not sent", after it
 * every failure is "sent", whatever gRPC believes about it.
 */
import { setMaxListeners } from 'node:events';

import { connectivityState } from '@grpc/grpc-js';
import type { KvError } from '@kv/errors';
import { ClusterDefinition, errorTrailerKey, kvErrorFromFailure } from '@kv/proto';
import { ReplicaDefinition } from '@kv/proto/internal';
import { ReplicaUnreachable } from '@kv/replication';
import {
  type CallOptions,
  type Channel,
  type ChannelOptions,
  ClientError,
  createChannel,
  createClient,
} from 'nice-grpc';

import { connectTimeoutMs, replyBytesMax, requestBytesMax } from '../limits.js';
import type { Clock, Timers } from '../ports.js';
import type { PeerConnection } from '../transport.js';
import { guardedDefinition } from './service-definition.js';

const channelOptions: ChannelOptions = {
  'grpc.max_receive_message_length': replyBytesMax,
  'grpc.max_send_message_length': requestBytesMax,
  'grpc.enable_retries': 0, // A copy that arrives after a refusal would make a lie of "not applied".
  'grpc.enable_http_proxy': 0,
  'grpc.service_config_disable_resolution': 1,
  'grpc.use_local_subchannel_pool': 1,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1_000,
  'grpc.dns_min_time_between_resolutions_ms': 1_000,
  'grpc.keepalive_time_ms': 5_000,
  'grpc.keepalive_timeout_ms': 3_000,
  'grpc.keepalive_permit_without_calls': 1,
  'grpc-node.flow_control_window': 4 * 1024 * 1024,
};

export function connectGrpc(
  address: string,
  { clock, timers }: { readonly clock: Clock; readonly timers: Timers },
): PeerConnection {
  const channel = createChannel(address, undefined, channelOptions);
  const replica = createClient(guardedDefinition(ReplicaDefinition, { requestBytesMax }), channel);
  const cluster = createClient(guardedDefinition(ClusterDefinition, { requestBytesMax }), channel);
  const closed = new AbortController();
  // Every running call listens. They are bounded by `messagesInFlightMax`; the usual bound would print a warning.
  setMaxListeners(0, closed.signal);

  function call<Request, Response>(send: (request: Request, options: CallOptions) => Promise<Response>) {
    return async (request: Request, { timeoutMs }: { timeoutMs: number }): Promise<Response> => {
      const startedMs = clock.monotonicMs();
      await connected(channel, {
        address,
        timeoutMs: Math.min(timeoutMs, connectTimeoutMs),
        closed: closed.signal,
      });
      const leftMs = timeoutMs - (clock.monotonicMs() - startedMs);
      return await exchange(send, { request, address, leftMs, timers, closed: closed.signal });
    };
  }
  return {
    write: call((request, options) => replica.write(request, options)),
    repair: call((request, options) => replica.repair(request, options)),
    read: call((request, options) => replica.read(request, options)),
    scanPartition: call((request, options) => replica.scanPartition(request, options)),
    ping: call((request, options) => replica.ping(request, options)),
    digest: call((request, options) => replica.digest(request, options)),
    describe: call((request, options) => cluster.describe(request, options)),
    close: () => {
      closed.abort();
      channel.close();
    },
  };
}

/** Resolves once the channel is connected; rejects at once while the peer refuses, or was just found unreachable. */
async function connected(
  channel: Channel,
  facts: { readonly address: string; readonly timeoutMs: number; readonly closed: AbortSignal },
): Promise<void> {
  const { address, timeoutMs, closed } = facts;
  if (closed.aborted) throw new ReplicaUnreachable(`the connection to ${address} is closed`, { sent: false });
  const deadline = new Date(Date.now() + timeoutMs);
  for (;;) {
    const state = channel.getConnectivityState(true);
    if (state === connectivityState.READY) return;
    if (state === connectivityState.TRANSIENT_FAILURE || state === connectivityState.SHUTDOWN) {
      throw new ReplicaUnreachable(`${address} cannot be reached`, { sent: false });
    }
    await new Promise<void>((resolve, reject) => {
      channel.watchConnectivityState(state, deadline, (error) => {
        if (error === undefined) resolve();
        else
          reject(new ReplicaUnreachable(`${address} did not answer in time`, { sent: false, cause: error }));
      });
    });
  }
}

interface Exchange<Request> {
  readonly request: Request;
  readonly address: string;
  readonly leftMs: number;
  readonly timers: Timers;
  readonly closed: AbortSignal;
}

async function exchange<Request, Response>(
  send: (request: Request, options: CallOptions) => Promise<Response>,
  { request, address, leftMs, timers, closed }: Exchange<Request>,
): Promise<Response> {
  const abort = new AbortController();
  const giveUp = (): void => abort.abort();
  const cancelTimer = timers.after(Math.max(leftMs, 0), giveUp);
  closed.addEventListener('abort', giveUp);
  let trailer: Uint8Array | undefined;
  try {
    return await send(request, {
      signal: abort.signal,
      onTrailer: (metadata) => {
        trailer = metadata.get(errorTrailerKey);
      },
    });
  } catch (error) {
    throw toPeerFailure(error, { trailer, address });
  } finally {
    cancelTimer();
    closed.removeEventListener('abort', giveUp);
  }
}

function toPeerFailure(
  error: unknown,
  { trailer, address }: { readonly trailer: Uint8Array | undefined; readonly address: string },
): KvError | ReplicaUnreachable {
  if (error instanceof ClientError && trailer !== undefined) {
    return kvErrorFromFailure({ status: error.code, details: error.details, trailer, cause: error });
  }
  const reason = error instanceof Error ? error.message : String(error);
  return new ReplicaUnreachable(`${address} did not answer: ${reason}`, { sent: true, cause: error });
}
