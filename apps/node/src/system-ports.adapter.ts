import { nodeFileSystem, systemBootId, systemClock, systemTimers } from '@kv/storage';

import { systemLoopDelay } from './admission/loop-delay.adapter.js';
import { grpcTransport } from './grpc/grpc-transport.adapter.js';
import type { Logger, NodePorts } from './ports.js';
import { systemRandom } from './random.adapter.js';

/** The real surroundings: files, clocks, the network by gRPC. Who logs, and how, is the caller's matter. */
export function systemPorts({ logger }: { readonly logger: Logger }): NodePorts {
  const clock = systemClock();
  const timers = systemTimers();
  return {
    fileSystem: nodeFileSystem(),
    clock,
    timers,
    random: systemRandom(),
    loopDelay: systemLoopDelay(),
    logger,
    bootId: systemBootId(),
    transport: grpcTransport({ clock, timers, logger }),
  };
}
