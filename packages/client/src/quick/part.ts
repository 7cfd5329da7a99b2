import type { KvError } from '@kv/errors';
import type {
  DeleteRequest,
  GetRequest,
  OperationResult,
  PutRequest,
  ReplicaReadRequest,
  ReplicaWriteRequest,
  TicketRequest,
} from '@kv/proto';

import type { Contact } from '../attempts/endpoint-pool.js';
import type { Batch, Passenger } from '../sending/passenger.js';

/** The operation of which it is a part. */
export interface Divided extends Pick<Passenger, 'timeoutMs' | 'bytes'> {
  /** Well or not. */
  answeredBy(part: Part, result: OperationResult, nowMs: number): void;
  /** Its way broke. */
  lostBy(part: Part, error: KvError): void;
}

/** What that owner is asked: exactly one of these. */
export interface PartQuestion {
  /** The whole read, which it coordinates. */
  readonly get?: GetRequest;
  /** Of its own copy. */
  readonly replicaRead?: ReplicaReadRequest;
  readonly replicaWrite?: ReplicaWriteRequest;
}

/** A part of an operation, on its way to another owner than the operation itself. */
export class Part implements Passenger {
  id = 0;
  timeoutMs: number;
  readonly get: GetRequest | undefined;
  readonly put: PutRequest | undefined = undefined;
  readonly delete: DeleteRequest | undefined = undefined;
  readonly ticket: TicketRequest | undefined = undefined;
  readonly replicaRead: ReplicaReadRequest | undefined;
  readonly replicaWrite: ReplicaWriteRequest | undefined;
  readonly bytes: number;
  batch: Batch | undefined = undefined;
  index = 0;
  isWithdrawn = false;
  readonly contact: Contact;
  readonly #whole: Divided;

  constructor(whole: Divided, { get, replicaRead, replicaWrite }: PartQuestion, contact: Contact) {
    this.get = get;
    this.replicaRead = replicaRead;
    this.replicaWrite = replicaWrite;
    this.timeoutMs = whole.timeoutMs;
    this.bytes = whole.bytes;
    this.contact = contact;
    this.#whole = whole;
  }

  leaves(): boolean {
    return true;
  }

  arrived(result: OperationResult, nowMs: number): void {
    this.#whole.answeredBy(this, result, nowMs);
  }

  failed(error: KvError): void {
    this.#whole.lostBy(this, error);
  }

  /** It left, and has not come back. */
  get isUnderWay(): boolean {
    return this.batch !== undefined;
  }

  /** Nobody waits for it any more. */
  withdraw(): void {
    this.contact.lane.withdraw(this);
  }
}
