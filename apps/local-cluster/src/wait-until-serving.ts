import { setTimeout as sleep } from 'node:timers/promises';

import { KvError } from '@kv/errors';
import { createChannel, createClient } from 'nice-grpc';
import { HealthDefinition } from 'nice-grpc-server-health';

import { healthIntervalMs, healthTimeoutMs, readyTimeoutMs } from './limits.js';
import { describeExit, type NodeExit } from './node-exit.js';

export interface ServingWait {
  readonly id: string;
  /** host:port */
  readonly address: string;
  /** Ends the wait: a process that is gone will not serve any more. */
  readonly exit: Promise<NodeExit>;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** HealthCheckResponse.ServingStatus of grpc.health.v1. */
const serving = 1;

/** grpc-js waits a second after a refused connection by itself, which would be most of a node's start. */
const channelOptions = {
  'grpc.initial_reconnect_backoff_ms': healthIntervalMs,
  'grpc.max_reconnect_backoff_ms': healthIntervalMs,
  'grpc.use_local_subchannel_pool': 1,
  'grpc.enable_http_proxy': 0,
};

/** Asks the standard health service until it says SERVING. @throws KvError unavailable | timeout */
export async function waitUntilServing({ id, address, exit, ...wait }: ServingWait): Promise<void> {
  const { timeoutMs = readyTimeoutMs, signal } = wait;
  const channel = createChannel(address, undefined, channelOptions);
  const health = createClient(HealthDefinition, channel);
  const ended = new AbortController();
  void exit.then((how) => ended.abort(new KvError('unavailable', describeExit(id, how))));
  const deadline = AbortSignal.timeout(timeoutMs);
  const stop = AbortSignal.any([ended.signal, deadline, ...(signal === undefined ? [] : [signal])]);
  try {
    while (!stop.aborted) {
      const attempt = AbortSignal.any([stop, AbortSignal.timeout(healthTimeoutMs)]);
      const status = await health.check({ service: '' }, { signal: attempt }).then(
        (reply): number => reply.status,
        () => undefined, // not listening yet
      );
      if (status === serving) return;
      await sleep(healthIntervalMs, undefined, { signal: stop }).catch(() => undefined);
    }
    if (ended.signal.aborted) throw ended.signal.reason as KvError;
    signal?.throwIfAborted();
    throw new KvError(
      'timeout',
      `${id} at ${address} did not serve within ${timeoutMs} ms: see its node.log`,
    );
  } finally {
    channel.close();
  }
}
