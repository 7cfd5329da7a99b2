import { type Listener, type NodeTransport, type PeerConnection, StartFailure } from '@kv/node';
import { ReplicaUnreachable } from '@kv/replication';

import type { SimulatedProcess } from '../world/simulated-process.js';
import type { SimulatedTimers } from '../world/simulated-timers.js';
import { asBuffer } from './bytes.js';
import { Connection } from './connection.js';
import type { Network } from './network.js';
import { type CallFailure, kvErrorOf, type Method } from './rpc.js';
import { type Answered, pathOf, serve, serviceMethods } from './serve.js';

export type { Answered };

export interface NodeTransportPorts {
  readonly network: Network;
  readonly process: SimulatedProcess;
  readonly timers: SimulatedTimers;
  readonly onAnswered: (answered: Answered) => void;
}

/** Fits the node's transport port. `host` is where it lives: `host:port`. */
export function createNodeTransport(host: string, ports: NodeTransportPorts): NodeTransport {
  const { network, process, timers, onAnswered } = ports;
  return {
    listen: ({ port }, services) => {
      if (network.listeningOn(host) !== undefined) {
        return Promise.reject(new StartFailure('address', `cannot listen on ${host}: in use`));
      }
      const close = network.listen({ host, process, handle: serve(services, onAnswered) });
      const listener: Listener = {
        port,
        setServing: () => undefined,
        close: () => {
          close();
          return Promise.resolve();
        },
      };
      return Promise.resolve(listener);
    },
    connect: (to) => connectPeer(new Connection({ from: host, to, owner: process }, network), timers),
  };
}

function connectPeer(connection: Connection, timers: SimulatedTimers): PeerConnection {
  const calls: Record<string, unknown> = { close: () => connection.close() };
  for (const [key, method] of Object.entries(serviceMethods.replica)) {
    calls[key] = peerCall(connection, { method, path: pathOf('replica', key), timers });
  }
  const describe = { method: serviceMethods.cluster['describe']!, path: pathOf('cluster', 'describe') };
  calls['describe'] = peerCall(connection, { ...describe, timers });
  return calls as unknown as PeerConnection;
}

interface PeerMethod {
  readonly method: Method;
  readonly path: string;
  readonly timers: SimulatedTimers;
}

const noMetadata: ReadonlyMap<string, string> = new Map();

function peerCall(connection: Connection, { method, path, timers }: PeerMethod) {
  return (request: unknown, { timeoutMs }: { readonly timeoutMs: number }): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const bytes = method.requestType.encode(request).finish();
      const call = connection.call({
        method: path,
        request: bytes,
        metadata: noMetadata,
        onReply: (response) => {
          cancelTimer();
          resolve(method.responseType.decode(asBuffer(response)));
        },
        onEnd: () => undefined,
        onFailure: (failure) => {
          cancelTimer();
          reject(peerFailure(failure, connection.to));
        },
      });
      const cancelTimer = timers.after(Math.max(0, timeoutMs), () => {
        const sent = call.wasSent();
        call.cancel();
        reject(new ReplicaUnreachable(`${connection.to} did not answer in time`, { sent }));
      });
    });
}

function peerFailure(failure: CallFailure, to: string): Error {
  switch (failure.kind) {
    case 'not-sent':
      return new ReplicaUnreachable(failure.reason, { sent: false });
    case 'lost':
      return new ReplicaUnreachable(`${to} did not answer: ${failure.reason}`, { sent: true });
    case 'answered':
      return kvErrorOf(failure.answer);
  }
}
