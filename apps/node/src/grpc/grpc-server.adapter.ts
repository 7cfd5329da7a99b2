import { logVerbosity, setLogVerbosity } from '@grpc/grpc-js';
import { ClusterDefinition, KVDefinition } from '@kv/proto';
import { ReplicaDefinition } from '@kv/proto/internal';
import { type ChannelOptions, createServer, type Server } from 'nice-grpc';
import { HealthDefinition, HealthServiceImpl, HealthState } from 'nice-grpc-server-health';

import { formatEndpoint } from '../configuration/endpoint.js';
import { StartFailure } from '../errors.js';
import { concurrentStreamsMax, publicRequestBytesMax, requestBytesMax } from '../limits.js';
import type { Logger, Timers } from '../ports.js';
import type { Listener, NodeServices } from '../transport.js';
import { toldError } from '../services/told-error.js';
import { type DirectService, directStreams } from './direct-streams.js';
import { createErrorMiddleware } from './error-middleware.js';
import { linkPath, LinkStreams } from './link-streams.js';
import { oversizedMessages } from './oversized-messages.js';
import { createReflection, serviceNames } from './reflection.js';
import { guardedDefinition, withBytesOf, withEncodedAnswers } from './service-definition.js';
import { sessionPath, SessionStreams } from './session-streams.js';

const serverOptions: ChannelOptions = {
  'grpc.max_receive_message_length': requestBytesMax,
  'grpc.max_send_message_length': -1, // What a handler returns is bounded by the handler.
  'grpc.max_concurrent_streams': concurrentStreamsMax,
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 10_000,
  'grpc.max_connection_idle_ms': 600_000,
};

export async function listenGrpc(
  endpoint: { readonly host: string; readonly port: number },
  { services, logger, timers }: { services: NodeServices; logger: Logger; timers: Timers },
): Promise<Listener> {
  const health = HealthState();
  const setServing = (serving: boolean): void => {
    for (const name of ['', ...serviceNames]) health.setStatus(serving ? 'healthy' : 'unhealthy', name);
  };
  setServing(false);
  const sessions = new SessionStreams(services.kv);
  const links = new LinkStreams({ replica: services.replica, logger });
  const publicLimits = { requestBytesMax: publicRequestBytesMax };
  const kv = withBytesOf(guardedDefinition(KVDefinition, publicLimits), 'session', publicLimits);
  const replica = withEncodedAnswers(guardedDefinition(ReplicaDefinition, { requestBytesMax }));
  const streams = new Map<string, DirectService>([
    [sessionPath, { open: sessions.open, decode: (bytes) => kv.methods.session.requestType.decode(bytes) }],
    [linkPath, { open: links.open, decode: (bytes) => replica.methods.link.requestType.decode(bytes) }],
  ]);
  const interceptors = [
    oversizedMessages(),
    directStreams(streams, (error, path) => toldError(error, { path, logger })),
  ];
  // nice-grpc hands its options to grpc-js as they are; its type knows those of channels only.
  const options = { ...serverOptions, interceptors } as unknown as ChannelOptions;
  const server = createServer(options).use(createErrorMiddleware(logger));
  server.add(kv, { ...services.kv, session: neverCalled });
  server.add(guardedDefinition(ClusterDefinition, publicLimits), services.cluster);
  server.add(replica, { link: neverCalled });
  server.add(HealthDefinition, HealthServiceImpl(health));
  const reflection = createReflection();
  server.add(reflection.definition, reflection.implementation);
  const port = await listen(server, endpoint);
  const drain = () => Promise.all([sessions.drain(), links.drain()]);
  return { port, setServing, close: ({ drainMs }) => close(server, { drainMs, timers, drain }) };
}

/** The interceptor takes these calls; grpc-js looks for a handler before it asks interceptors. */
// eslint-disable-next-line @typescript-eslint/require-await -- it has the shape of one
async function* neverCalled(): AsyncGenerator<never, void> {
  throw new Error('this stream is served by its stream handler');
}

async function listen(server: Server, endpoint: { host: string; port: number }): Promise<number> {
  const address = formatEndpoint(endpoint);
  // grpc-js also prints what it throws, as lines that are not JSON between those of our log.
  if (process.env['GRPC_VERBOSITY'] === undefined) setLogVerbosity(logVerbosity.NONE);
  try {
    return await server.listen(address);
  } catch (cause) {
    throw new StartFailure('address', `cannot listen on ${address}: ${reasonOf(cause)}`, { cause });
  }
}

function reasonOf(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause);
  if (message.includes('EADDRINUSE')) return 'the port is in use by another process, choose another --port';
  if (message.includes('EACCES')) return 'this user may not use the port, choose a --port above 1023';
  if (message.includes('EADDRNOTAVAIL')) return 'the --host is no address of this machine';
  return `${message}; check --host and --port`;
}

/** A graceful shutdown alone would wait for ever on open streams, such as a health watch. */
async function close(
  server: Server,
  {
    drainMs,
    timers,
    drain,
  }: { readonly drainMs: number; readonly timers: Timers; readonly drain: () => Promise<unknown> },
): Promise<void> {
  if (drainMs > 0) {
    let cancel = (): void => undefined;
    const timeIsUp = new Promise<void>((resolve) => {
      cancel = timers.after(drainMs, resolve);
    });
    // First the word that this node takes no more, so that nobody opens anew what is ended here.
    await Promise.race([Promise.all([server.shutdown(), drain()]), timeIsUp]);
    cancel();
  }
  server.forceShutdown();
}
