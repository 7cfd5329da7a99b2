import type { CallOptions, ClientConnection, ClientTransport } from '@kv/client';
import { KvError } from '@kv/errors';

import type { SimulatedProcess } from '../world/simulated-process.js';
import { asBuffer } from './bytes.js';
import { clientFailure } from './client-failure.js';
import { Connection } from './connection.js';
import type { Network } from './network.js';
import type { Method } from './rpc.js';
import { pathOf, serviceMethods } from './serve.js';
import { sessionBatches, type Ways } from './session-batches.js';

export interface ClientTransportPorts {
  readonly network: Network;
  readonly process: SimulatedProcess;
  /** Sees each request before it leaves. */
  readonly onRequest?: ((method: string, request: unknown) => void) | undefined;
  /** Sees each response before the client does, and what it answers. */
  readonly onResponse?: ((method: string, response: unknown, request: unknown) => void) | undefined;
}

/** Fits the client's transport port. `host` is a name for the machine that the client runs on. */
export function createClientTransport(host: string, ports: ClientTransportPorts): ClientTransport {
  const { network, process, onRequest, onResponse } = ports;
  return {
    connect: (to) => {
      const connection = new Connection({ from: host, to, owner: process }, network);
      const ways = { connection, onRequest, onResponse };
      const calls: Record<string, unknown> = {
        exchange: sessionBatches(ways),
        close: () => connection.close(),
      };
      for (const [service, key] of [
        ['kv', 'scan'],
        ['cluster', 'describe'],
        ['cluster', 'status'],
      ] as const) {
        const method = serviceMethods[service][key]!;
        const call: SimulatedCall = { ...ways, method, path: pathOf(service, key) };
        calls[key] = method.responseStream ? streamCall(call) : unaryCall(call);
      }
      return calls as unknown as ClientConnection;
    },
  };
}

interface SimulatedCall extends Ways {
  readonly method: Method;
  readonly path: string;
}

function metadataOf({ timeoutMs }: CallOptions): ReadonlyMap<string, string> {
  return new Map(timeoutMs === undefined ? [] : [['kv-timeout-ms', String(Math.ceil(timeoutMs))]]);
}

function unaryCall({ connection, method, path, onRequest, onResponse }: SimulatedCall) {
  return (request: unknown, options: CallOptions): Promise<unknown> =>
    new Promise((resolve, reject) => {
      onRequest?.(path, request);
      const { signal } = options;
      const giveUp = (): void => {
        call.cancel();
        reject(new KvError('timeout', 'the call was given up'));
      };
      const done = (): void => signal.removeEventListener('abort', giveUp);
      const call = connection.call({
        method: path,
        request: method.requestType.encode(request).finish(),
        metadata: metadataOf(options),
        onReply: (response) => {
          done();
          const message = method.responseType.decode(asBuffer(response));
          onResponse?.(path, message, request);
          resolve(message);
        },
        onEnd: () => undefined,
        onFailure: (failure) => {
          done();
          reject(clientFailure(failure));
        },
      });
      if (signal.aborted) giveUp();
      else signal.addEventListener('abort', giveUp, { once: true });
    });
}

function streamCall({ connection, method, path, onRequest }: SimulatedCall) {
  return async function* stream(request: unknown, options: CallOptions): AsyncGenerator<unknown, void> {
    onRequest?.(path, request);
    const messages: unknown[] = [];
    let end: 'open' | 'ended' | KvError = 'open';
    let wake: () => void = () => undefined;
    const call = connection.call({
      method: path,
      request: method.requestType.encode(request).finish(),
      metadata: metadataOf(options),
      onReply: (response) => {
        messages.push(method.responseType.decode(asBuffer(response)));
        wake();
      },
      onEnd: () => {
        end = 'ended';
        wake();
      },
      onFailure: (failure) => {
        end = clientFailure(failure);
        wake();
      },
    });
    const giveUp = (): void => {
      call.cancel();
      end = new KvError('timeout', 'the call was given up');
      wake();
    };
    if (options.signal.aborted) giveUp();
    else options.signal.addEventListener('abort', giveUp, { once: true });
    try {
      for (;;) {
        while (messages.length > 0) yield messages.shift();
        const state = end as 'open' | 'ended' | KvError;
        if (state === 'ended') return;
        if (state !== 'open') throw state;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    } finally {
      call.cancel();
      options.signal.removeEventListener('abort', giveUp);
    }
  };
}
