import { ClusterDefinition, KVDefinition } from '@kv/proto';
import { replicaMethods } from '@kv/proto/internal';
import type { NodeServices } from '@kv/node';

import { asBuffer } from './bytes.js';
import { failureAnswerOf, type Handler, type IncomingCall, type Method } from './rpc.js';
import { serveSession, sessionPath } from './serve-session.js';

type Methods = Readonly<Record<string, Method>>;

/** Every method of the generated definitions, by the name it travels under. */
interface Entry {
  readonly service: keyof NodeServices;
  readonly key: string;
  readonly method: Method;
}

export const serviceMethods: Readonly<Record<keyof NodeServices, Methods>> = {
  kv: KVDefinition.methods,
  cluster: ClusterDefinition.methods,
  replica: replicaMethods,
};

export function pathOf(service: keyof NodeServices, key: string): string {
  return `${service}.${serviceMethods[service][key]!.name}`;
}

const entries: ReadonlyMap<string, Entry> = new Map(
  (Object.keys(serviceMethods) as (keyof NodeServices)[]).flatMap((service) =>
    Object.keys(serviceMethods[service]).map((key): [string, Entry] => [
      pathOf(service, key),
      { service, key, method: serviceMethods[service][key]! },
    ]),
  ),
);

type AnyHandler = (request: unknown, context: object) => unknown;

/** A request that a node answered, whether or not the answer arrives. */
export interface Answered {
  readonly method: string;
  readonly request: unknown;
  /** Undefined: it failed. */
  readonly response: unknown;
  readonly error?: unknown;
}

/** A node's services on the simulated wire: messages are decoded and encoded as on a real one. */
export function serve(services: NodeServices, onAnswered: (answered: Answered) => void): Handler {
  return (call) => {
    if (call.method === sessionPath) {
      serveSession(services.kv, { call, onAnswered });
      return;
    }
    const entry = entries.get(call.method);
    if (entry === undefined) throw new Error(`there is no method ${call.method}`);
    const handler = (services[entry.service] as unknown as Record<string, AnyHandler>)[entry.key];
    if (handler === undefined) throw new Error(`the node does not offer ${call.method}`);
    void answer(call, { method: entry.method, handler, onAnswered });
  };
}

/** What a handler learns beside the request. A class: an object literal with a getter is slow to make. */
class Context {
  readonly #call: IncomingCall;

  constructor(call: IncomingCall) {
    this.#call = call;
  }

  get signal(): AbortSignal {
    return this.#call.signal;
  }

  get metadata(): ReadonlyMap<string, string> {
    return this.#call.metadata;
  }
}

interface Service {
  readonly method: Method;
  readonly handler: AnyHandler;
  readonly onAnswered: (answered: Answered) => void;
}

async function answer(call: IncomingCall, { method, handler, onAnswered }: Service): Promise<void> {
  try {
    const request = method.requestType.decode(asBuffer(call.request));
    const result = handler(request, new Context(call));
    if (!method.responseStream) {
      const response = await result;
      onAnswered({ method: call.method, request, response });
      call.reply(method.responseType.encode(response).finish(), { isLast: true });
      return;
    }
    for await (const message of result as AsyncIterable<unknown>) {
      call.reply(method.responseType.encode(message).finish(), { isLast: false });
    }
    call.end();
  } catch (error) {
    onAnswered({ method: call.method, request: undefined, response: undefined, error });
    call.fail(failureAnswerOf(error));
  }
}
