import { toKvError } from '@kv/errors';
import { ClusterDefinition } from '@kv/proto';
import { replicaMethods } from '@kv/proto/internal';
import { ReplicaUnreachable } from '@kv/replication';

import { formatEndpoint } from '../src/configuration/endpoint.js';
import { StartFailure } from '../src/errors.js';
import type { CallContext, Listener, NodeServices, NodeTransport, PeerConnection } from '../src/transport.js';

/** A network within the process: every message is encoded and decoded, as on a real one. */
export interface InMemoryNetwork {
  /** Of one node; `from` is its address, for cutting it off. */
  transport(from: string): NodeTransport;
  /** Nobody reaches this address any more, nor does it reach anybody. */
  cutOff(address: string): void;
  heal(address: string): void;
  /** Calls delivered so far, by method. */
  readonly delivered: ReadonlyMap<string, number>;
}

interface MessageType<Message> {
  encode(message: Message): { finish(): Uint8Array };
  decode(bytes: Uint8Array): Message;
}

interface Method<Request, Response> {
  readonly name: string;
  readonly requestType: MessageType<Request>;
  readonly responseType: MessageType<Response>;
}

export function createInMemoryNetwork(): InMemoryNetwork {
  const listening = new Map<string, NodeServices>();
  const isCutOff = new Set<string>();
  const delivered = new Map<string, number>();

  function connect(from: string, to: string): PeerConnection {
    let isClosed = false;
    const call =
      <Request, Response>(
        { name, requestType, responseType }: Method<Request, Response>,
        handler: (services: NodeServices) => (request: Request, context: CallContext) => Promise<Response>,
      ) =>
      async (request: Request): Promise<Response> => {
        const services = listening.get(to);
        if (isClosed || services === undefined || isCutOff.has(from) || isCutOff.has(to)) {
          throw new ReplicaUnreachable(`${to} cannot be reached`, { sent: false });
        }
        delivered.set(name, (delivered.get(name) ?? 0) + 1);
        const context = { signal: new AbortController().signal, metadata: { get: () => undefined } };
        const response = await handler(services)(through(requestType, request), context).catch(
          (error: unknown) => {
            throw toKvError(error);
          },
        );
        if (isCutOff.has(from) || isCutOff.has(to)) {
          throw new ReplicaUnreachable(`${to} did not answer`, { sent: true });
        }
        return through(responseType, response);
      };
    const methods = replicaMethods;
    return {
      write: call(methods.write, ({ replica }) => replica.write),
      repair: call(methods.repair, ({ replica }) => replica.repair),
      read: call(methods.read, ({ replica }) => replica.read),
      scanPartition: call(methods.scanPartition, ({ replica }) => replica.scanPartition),
      ping: call(methods.ping, ({ replica }) => replica.ping),
      digest: call(methods.digest, ({ replica }) => replica.digest),
      describe: call(ClusterDefinition.methods.describe, ({ cluster }) => cluster.describe),
      close: () => {
        isClosed = true;
      },
    };
  }

  return {
    transport: (from) => ({
      listen: (endpoint, services): Promise<Listener> => {
        const address = formatEndpoint(endpoint);
        if (listening.has(address)) {
          return Promise.reject(new StartFailure('address', `cannot listen on ${address}: in use`));
        }
        listening.set(address, services);
        return Promise.resolve({
          port: endpoint.port,
          setServing: () => undefined,
          close: () => {
            listening.delete(address);
            return Promise.resolve();
          },
        });
      },
      connect: (to) => connect(from, to),
    }),
    cutOff: (address) => void isCutOff.add(address),
    heal: (address) => void isCutOff.delete(address),
    delivered,
  };
}

function through<Message>(type: MessageType<Message>, message: Message): Message {
  return type.decode(Buffer.from(type.encode(message).finish()));
}
