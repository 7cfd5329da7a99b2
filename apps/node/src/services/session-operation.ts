/**
 * Operations of a session. Each is one object from its bytes to its result: what is asked for, how long its client waits,
 * who is told, what admission keeps for it, and what can be abandoned. An object for each of these was most of the work
 * of a small operation, and of the garbage.
 */
import { KvError } from '@kv/errors';
import { type Version, zeroTimestamp } from '@kv/hlc';
import type { OperationFields } from '@kv/proto';
import type {
  Caller,
  CallOptions,
  ConsistencyLevel,
  DeleteRequest,
  GetRequest,
  GetResult,
  PutRequest,
  ReplicaReadRequest,
  ReplicaReadResult,
  ReplicaWriteRequest,
  ReplicaWriteResult,
  RunningOperation,
  Submissions,
  TicketRequest,
  TicketResult,
  WriteResult,
} from '@kv/replication';

import type { Admission } from '../admission/admission.js';
import { requestOverheadBytes } from '../limits.js';
import { answerWithinMs, toConsistency, toVersion } from './call-options.js';
import type { ResultMessages } from './result-messages.js';

export interface SessionOperation extends RunningOperation {
  readonly id: number;
  /** @throws KvError if it is refused: nothing was begun then */
  begin(): void;
}

/** The session, as its operations see it. */
export interface OperationHost {
  readonly requestTimeoutMs: number;
  readonly submit: Submissions;
  readonly admission: Admission;
  /** The operation is over. Its result goes to what is returned; undefined if nobody waits for it any more. */
  end(id: number): ResultMessages | undefined;
  fail(id: number, error: unknown): void;
}

export function createOperation(fields: OperationFields, host: OperationHost): SessionOperation {
  try {
    switch (fields.request) {
      case 'get':
        return new Get(fields, host);
      case 'put':
        return new Put(fields, host);
      case 'delete':
        return new Delete(fields, host);
      case 'ticket':
        return new Ticket(fields, host);
      case 'replicaRead':
        return new ReplicaRead(fields, host);
      case 'replicaWrite':
        return new ReplicaWrite(fields, host);
      case undefined:
        throw new KvError('invalid-argument', 'the operation asks for nothing this node knows', {
          outcome: 'not-applied',
        });
    }
  } catch (error) {
    return new Refused(fields.id, error);
  }
}

/** What makes no sense. Others of its message are carried out, so it is told when it would have begun. */
class Refused implements SessionOperation {
  readonly id: number;
  readonly #error: unknown;

  constructor(id: number, error: unknown) {
    this.id = id;
    this.#error = error;
  }

  begin(): void {
    throw this.#error;
  }

  abandon(): void {
    // Nothing is under way.
  }
}

abstract class Submitted implements SessionOperation, CallOptions {
  readonly id: number;
  readonly key: Uint8Array;
  readonly timeoutMs: number;
  protected readonly host: OperationHost;
  /** What admission keeps for it: 0 before it was taken on, and once it was given back. */
  #admittedBytes = 0;
  /** Undefined as long as it is being begun; it may be answered within that. */
  #running: RunningOperation | undefined;

  constructor({ id, key, timeoutMs }: OperationFields, host: OperationHost) {
    const { requestTimeoutMs } = host;
    this.id = id;
    this.key = key;
    this.timeoutMs =
      timeoutMs === 0 ? requestTimeoutMs : Math.min(requestTimeoutMs, answerWithinMs(timeoutMs));
    this.host = host;
  }

  begin(): void {
    const { admission, submit } = this.host;
    const bytes = requestOverheadBytes + this.key.length + this.valueBytes();
    admission.take(bytes);
    this.#admittedBytes = bytes;
    this.#running = this.submit(submit);
  }

  abandon(): void {
    this.#giveBack();
    this.#running?.abandon();
  }

  reject(error: unknown): void {
    this.#giveBack();
    this.host.fail(this.id, error);
  }

  protected valueBytes(): number {
    return 0;
  }

  /** Hands the operation itself to the coordinator, as request, as options and as caller. */
  protected abstract submit(submit: Submissions): RunningOperation;

  protected end(): ResultMessages | undefined {
    this.#giveBack();
    return this.host.end(this.id);
  }

  #giveBack(): void {
    if (this.#admittedBytes === 0) return;
    this.host.admission.give(this.#admittedBytes);
    this.#admittedBytes = 0;
  }
}

class Get extends Submitted implements GetRequest, Caller<GetResult> {
  readonly consistency: ConsistencyLevel;

  constructor(fields: OperationFields, host: OperationHost) {
    super(fields, host);
    this.consistency = toConsistency(fields.consistency);
  }

  resolve(result: GetResult): void {
    this.end()?.get(this.id, result);
  }

  protected submit(submit: Submissions): RunningOperation {
    return submit.get(this, this, this);
  }
}

class Delete extends Submitted implements DeleteRequest, Caller<WriteResult> {
  readonly consistency: ConsistencyLevel;
  readonly wantPrevious: boolean;
  readonly operationId: Uint8Array;
  readonly stampAbove: number;
  readonly stampNotAfter: number;
  readonly ticket: Version | undefined;
  readonly #reserves: boolean;

  constructor(fields: OperationFields, host: OperationHost) {
    super(fields, host);
    this.#reserves = fields.reserve;
    this.consistency = toConsistency(fields.consistency);
    this.wantPrevious = !fields.omitPrevious;
    this.operationId = fields.operationId;
    this.stampAbove = fields.stampAbove;
    this.stampNotAfter = fields.stampNotAfter;
    this.ticket = toVersion(fields.ticket);
  }

  resolve(result: WriteResult): void {
    this.end()?.delete(this.id, result, this.reserved());
  }

  /** For another write of the client, if it wants to coordinate one. */
  protected reserved(): Version | undefined {
    return this.#reserves ? this.host.submit.reserve() : undefined;
  }

  protected submit(submit: Submissions): RunningOperation {
    return submit.delete(this, this, this);
  }
}

class Put extends Delete implements PutRequest {
  readonly value: Uint8Array;
  readonly ttlMs: number;

  constructor(fields: OperationFields, host: OperationHost) {
    super(fields, host);
    this.value = fields.value;
    this.ttlMs = fields.ttlMs;
  }

  override resolve(result: WriteResult): void {
    this.end()?.put(this.id, result, this.reserved());
  }

  protected override valueBytes(): number {
    return this.value.length;
  }

  protected override submit(submit: Submissions): RunningOperation {
    return submit.put(this, this, this);
  }
}

class Ticket extends Submitted implements TicketRequest, Caller<TicketResult> {
  readonly stampAbove: number;
  readonly stampNotAfter: number;

  constructor(fields: OperationFields, host: OperationHost) {
    super(fields, host);
    this.stampAbove = fields.stampAbove;
    this.stampNotAfter = fields.stampNotAfter;
  }

  resolve(result: TicketResult): void {
    this.end()?.ticket(this.id, result);
  }

  protected submit(submit: Submissions): RunningOperation {
    return submit.ticket(this, this, this);
  }
}

class ReplicaRead extends Submitted implements ReplicaReadRequest, Caller<ReplicaReadResult> {
  readonly #omitsValue: boolean;

  constructor(fields: OperationFields, host: OperationHost) {
    super(fields, host);
    this.#omitsValue = fields.omitValue;
  }

  resolve(result: ReplicaReadResult): void {
    this.end()?.replicaRead(this.id, result, this.#omitsValue);
  }

  protected submit(submit: Submissions): RunningOperation {
    return submit.replicaRead(this, this, this);
  }
}

class ReplicaWrite extends Submitted implements ReplicaWriteRequest, Caller<ReplicaWriteResult> {
  readonly value: Uint8Array | undefined;
  readonly version: Version;
  readonly wantPrevious: boolean;
  readonly operationId: Uint8Array;
  readonly leads: boolean;
  readonly twin: number;

  constructor(fields: OperationFields, host: OperationHost) {
    super(fields, host);
    this.value = fields.tombstone ? undefined : fields.value;
    this.version = toVersion(fields.ticket, 'version') ?? noVersion;
    this.wantPrevious = !fields.omitPrevious;
    this.operationId = fields.operationId;
    this.leads = fields.leads;
    this.twin = fields.twin;
  }

  resolve(result: ReplicaWriteResult): void {
    this.end()?.replicaWrite(this.id, result);
  }

  protected override valueBytes(): number {
    return this.value?.length ?? 0;
  }

  protected submit(submit: Submissions): RunningOperation {
    return submit.replicaWrite(this, this, this);
  }
}

/** Which is refused. */
const noVersion: Version = { timestamp: zeroTimestamp, node: 0 };
