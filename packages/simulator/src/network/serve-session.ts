import type { KvService } from '@kv/node';
import {
  kvErrorFromMessage,
  type Operation,
  type OperationResult,
  SessionRequest,
  SessionResponse,
} from '@kv/proto';

import { asBuffer } from './bytes.js';
import { failureAnswerOf, type IncomingCall } from './rpc.js';
import type { Answered } from './serve.js';

export const sessionPath = 'kv.Session';

/** What an operation asks for, and the call that asks for the same, or would. */
const methods = [
  ['get', 'kv.Get'],
  ['put', 'kv.Put'],
  ['delete', 'kv.Delete'],
  ['ticket', 'kv.Ticket'],
  ['replicaRead', 'kv.ReplicaRead'],
  ['replicaWrite', 'kv.ReplicaWrite'],
] as const;

/** The operation's request, by the name of the call that would carry it alone. */
export function requestOf(operation: Operation): { readonly method: string; readonly request: unknown } {
  for (const [name, method] of methods) {
    if (operation[name] !== undefined) return { method, request: operation[name] };
  }
  throw new Error('an operation asks for nothing');
}

/** The response, likewise; undefined for a failure. */
export function responseOf(
  result: OperationResult,
): { readonly method: string; readonly response: unknown } | undefined {
  for (const [name, method] of methods) {
    if (result[name] !== undefined) return { method, response: result[name] };
  }
  return undefined;
}

interface Served {
  readonly call: IncomingCall;
  readonly onAnswered: (answered: Answered) => void;
}

/** One batch of a session is one call here, so that faults hit single batches; its results are answers of that call. */
export function serveSession(kv: KvService, { call, onAnswered }: Served): void {
  try {
    const request = SessionRequest.decode(asBuffer(call.request));
    const operations = new Map(request.operations.map((operation) => [operation.id, operation]));
    const session = kv.session({
      emit: (message) => {
        for (const result of SessionResponse.decode(message).results) tell(result);
        call.reply(message, { isLast: unanswered === 0 });
      },
    });
    let unanswered = operations.size;
    const tell = (result: OperationResult): void => {
      unanswered -= 1;
      const asked = requestOf(operations.get(result.id)!);
      const error = result.error === undefined ? undefined : kvErrorFromMessage(result.error);
      onAnswered({ ...asked, response: responseOf(result)?.response, error });
    };
    call.signal.addEventListener('abort', () => session.close(), { once: true });
    call.onFurther((message) => session.receive(message));
    session.receive(call.request);
  } catch (error) {
    onAnswered({ method: call.method, request: undefined, response: undefined, error });
    call.fail(failureAnswerOf(error));
  }
}
