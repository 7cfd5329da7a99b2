import type { Clock, Logger, Timers } from '../ports.js';
import type { NodeTransport } from '../transport.js';
import { connectGrpc } from './grpc-peer-connection.adapter.js';
import { listenGrpc } from './grpc-server.adapter.js';

/** The real network: gRPC without encryption, for networks that are trusted. */
export function grpcTransport(ports: {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
}): NodeTransport {
  return {
    listen: (endpoint, services) => listenGrpc(endpoint, { ...ports, services }),
    connect: (address) => connectGrpc(address, ports),
  };
}
