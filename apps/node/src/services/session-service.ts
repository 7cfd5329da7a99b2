/**
 * The node's side of a session: operations come in batches and are carried out side by side. Their results leave as they
 * come, those of one turn of the event loop together, so that a slow operation holds up no other and a fast one needs no
 * message of its own.
 */
import { KvError } from '@kv/errors';
import { kvErrorToMessage, type Operation, type OperationResult, type SessionRequest } from '@kv/proto';
import type { Caller, CallOptions, Coordinator, RunningOperation } from '@kv/replication';

import { sessionMessageBytesMax } from '../limits.js';
import type { Logger, Timers } from '../ports.js';
import type { Session, SessionPorts } from '../transport.js';
import { answerWithinMs } from './call-options.js';
import { fromGetResult, fromWriteResult, toGetRequest, toPutRequest, toWriteRequest } from './kv-messages.js';
import { toldError } from './told-error.js';

export interface SessionServicePorts {
  readonly coordinator: Coordinator;
  readonly timers: Timers;
  readonly logger: Logger;
}

export function createSessionService(
  { requestTimeoutMs }: { readonly requestTimeoutMs: number },
  ports: SessionServicePorts,
): (session: SessionPorts) => Session {
  return ({ emit }) => new CoordinatedSession({ requestTimeoutMs, emit }, ports);
}

/** As the log names it. */
const sessionPath = '/kv.v1.KV/Session';

interface SessionOptions extends SessionPorts {
  readonly requestTimeoutMs: number;
}

class CoordinatedSession implements Session {
  readonly #options: SessionOptions;
  readonly #ports: SessionServicePorts;
  readonly #underWay = new Map<number, RunningOperation>();
  #results: OperationResult[] = [];
  #flushIsDue = false;
  #state: 'open' | 'draining' | 'closed' = 'open';
  #drained: Promise<void> | undefined;
  #onDrained: (() => void) | undefined;

  constructor(options: SessionOptions, ports: SessionServicePorts) {
    this.#options = options;
    this.#ports = ports;
  }

  get underWay(): number {
    return this.#underWay.size;
  }

  receive({ operations, cancelled }: SessionRequest): void {
    for (const id of cancelled) this.#underWay.get(id)?.abandon();
    for (const operation of operations) this.#begin(operation);
  }

  /** One promise for all who wait: a client that ends its stream does, and so does the node when it stops. */
  drained(): Promise<void> {
    if (this.#state === 'open') this.#state = 'draining';
    this.#drained ??= new Promise((resolve) => {
      this.#onDrained = resolve;
    });
    this.#noteDrained();
    return this.#drained;
  }

  close(): void {
    this.#state = 'closed';
    this.#results = [];
    for (const running of this.#underWay.values()) running.abandon();
    this.#underWay.clear();
    this.#noteDrained();
  }

  #begin(operation: Operation): void {
    const { id, timeoutMs } = operation;
    if (this.#underWay.has(id)) {
      throw new KvError('invalid-argument', `operation ${id} is under way already`);
    }
    const { requestTimeoutMs } = this.#options;
    const boundMs =
      timeoutMs === 0 ? requestTimeoutMs : Math.min(requestTimeoutMs, answerWithinMs(timeoutMs));
    this.#underWay.set(id, notRunning);
    try {
      const running = this.#submit(operation, { timeoutMs: boundMs });
      // It may be over already.
      if (this.#underWay.has(id)) this.#underWay.set(id, running);
    } catch (error) {
      this.#fail(id, error);
    }
  }

  /** @throws KvError if the message makes no sense: nothing was begun then */
  #submit(operation: Operation, call: CallOptions): RunningOperation {
    const { submit } = this.#ports.coordinator;
    if (this.#state !== 'open') {
      throw new KvError('closed', 'the node is stopping', { outcome: 'not-applied' });
    }
    const { id, get, put, delete: remove, ticket } = operation;
    if (get !== undefined) {
      return submit.get(
        toGetRequest(get),
        call,
        this.#caller(id, (result) => ({ id, get: fromGetResult(result) })),
      );
    }
    if (put !== undefined) {
      return submit.put(
        toPutRequest(put),
        call,
        this.#caller(id, (result) => ({ id, put: fromWriteResult(result) })),
      );
    }
    if (remove !== undefined) {
      return submit.delete(
        toWriteRequest(remove),
        call,
        this.#caller(id, (result) => ({ id, delete: fromWriteResult(result) })),
      );
    }
    if (ticket !== undefined) {
      return submit.ticket(
        ticket,
        call,
        this.#caller(id, (result) => ({ id, ticket: result })),
      );
    }
    throw new KvError('invalid-argument', 'the operation asks for nothing this node knows', {
      outcome: 'not-applied',
    });
  }

  #caller<Result>(id: number, toMessage: (result: Result) => OperationResult): Caller<Result> {
    return {
      resolve: (result) => this.#answer(toMessage(result)),
      reject: (error) => this.#fail(id, error),
    };
  }

  #fail(id: number, error: unknown): void {
    const told = toldError(error, { path: sessionPath, logger: this.#ports.logger });
    this.#answer({ id, error: kvErrorToMessage(told) });
  }

  #answer(result: OperationResult): void {
    // Not of this session's any more if it was closed meanwhile.
    if (!this.#underWay.delete(result.id)) return;
    this.#results.push(result);
    if (this.#flushIsDue) return;
    this.#flushIsDue = true;
    this.#ports.timers.nextTurn(() => this.#flush());
  }

  #flush(): void {
    this.#flushIsDue = false;
    const results = this.#results;
    this.#results = [];
    let begin = 0;
    let bytes = 0;
    for (const [at, result] of results.entries()) {
      const more = resultBytes(result);
      if (at > begin && bytes + more > sessionMessageBytesMax) {
        this.#options.emit(results.slice(begin, at));
        begin = at;
        bytes = 0;
      }
      bytes += more;
    }
    if (begin < results.length) this.#options.emit(begin === 0 ? results : results.slice(begin));
    this.#noteDrained();
  }

  #noteDrained(): void {
    if (this.#underWay.size === 0 && this.#results.length === 0) this.#onDrained?.();
  }
}

/** Of one whose submission has not returned. */
const notRunning: RunningOperation = { abandon: () => undefined };

/** About as many as it takes in a message. */
function resultBytes({ get, put, delete: remove }: OperationResult): number {
  const value = get?.value ?? put?.previousValue ?? remove?.previousValue;
  return 64 + (value?.length ?? 0);
}
