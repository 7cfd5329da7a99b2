/**
 * The node's side of a session: operations come in batches and are carried out side by side. Their results leave as they
 * come, those of one turn of the event loop together, so that a slow operation holds up no other and a fast one needs no
 * message of its own.
 */
import { KvError } from '@kv/errors';
import { readSessionRequest } from '@kv/proto';
import type { Coordinator, Submissions } from '@kv/replication';
import { UnderWay } from '@kv/streams';

import type { Admission } from '../admission/admission.js';
import type { Logger, Timers } from '../ports.js';
import type { Session, SessionPorts } from '../transport.js';
import { ResultMessages } from './result-messages.js';
import { createOperation, type OperationHost, type SessionOperation } from './session-operation.js';
import { toldError } from './told-error.js';

export interface SessionServicePorts {
  /** Takes what it is given: each operation asks `admission` itself. */
  readonly coordinator: Pick<Coordinator, 'submit'>;
  readonly admission: Admission;
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

class CoordinatedSession implements Session, OperationHost {
  readonly requestTimeoutMs: number;
  readonly submit: Submissions;
  readonly admission: Admission;
  readonly #emit: SessionPorts['emit'];
  readonly #timers: Timers;
  readonly #logger: Logger;
  readonly #underWay = new UnderWay<SessionOperation>();
  readonly #results = new ResultMessages();
  #flushIsDue = false;
  #state: 'open' | 'draining' | 'closed' = 'open';
  #drained: Promise<void> | undefined;
  #onDrained: (() => void) | undefined;

  constructor(
    { requestTimeoutMs, emit }: SessionOptions,
    { coordinator, admission, timers, logger }: SessionServicePorts,
  ) {
    this.requestTimeoutMs = requestTimeoutMs;
    this.submit = coordinator.submit;
    this.admission = admission;
    this.#emit = emit;
    this.#timers = timers;
    this.#logger = logger;
  }

  get underWay(): number {
    return this.#underWay.size;
  }

  receive(message: Uint8Array): void {
    // Read as a whole first: of a message that is damaged nothing is begun.
    const operations: SessionOperation[] = [];
    for (const id of this.#read(message, operations)) this.#underWay.get(id)?.abandon();
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
    this.#results.take();
    for (const operation of this.#underWay.takeAll()) operation.abandon();
    this.#noteDrained();
  }

  end(id: number): ResultMessages | undefined {
    // Not of this session's any more if it was closed meanwhile.
    if (!this.#underWay.delete(id)) return undefined;
    // None under way: no other result can come to share the message.
    const isLast = this.#underWay.size === 0;
    if (isLast) void Promise.resolve().then(this.#flush);
    else if (!this.#flushIsDue) this.#timers.nextTurn(this.#flush);
    this.#flushIsDue = true;
    return this.#results;
  }

  fail(id: number, error: unknown): void {
    const told = toldError(error, { path: sessionPath, logger: this.#logger });
    this.end(id)?.error(id, told);
  }

  /** @returns the ids of those that nobody waits for any more */
  #read(message: Uint8Array, operations: SessionOperation[]): readonly number[] {
    try {
      return readSessionRequest(message, (fields) => operations.push(createOperation(fields, this)));
    } catch (error) {
      throw new KvError(
        'invalid-argument',
        `the request cannot be decoded: ${(error as RangeError).message}`,
      );
    }
  }

  #begin(operation: SessionOperation): void {
    const { id } = operation;
    if (!this.#underWay.add(operation)) {
      throw new KvError('invalid-argument', `operation ${id} is under way already`);
    }
    try {
      if (this.#state !== 'open') {
        throw new KvError('closed', 'the node is stopping', { outcome: 'not-applied' });
      }
      operation.begin();
    } catch (error) {
      this.fail(id, error);
    }
  }

  readonly #flush = (): void => {
    if (!this.#flushIsDue) return;
    this.#flushIsDue = false;
    for (const message of this.#results.take()) this.#emit(message);
    this.#noteDrained();
  };

  #noteDrained(): void {
    if (this.#underWay.size === 0 && this.#results.isEmpty) this.#onDrained?.();
  }
}
