import type {
  DeleteRequest,
  GetRequest,
  OperationResult,
  PutRequest,
  ReplicaReadRequest,
  TicketRequest,
} from '@kv/proto';

import type { Contact } from '../attempts/endpoint-pool.js';
import type { Batch, Passenger } from '../sending/passenger.js';

/** The read that another owner is asked for, too. */
export interface CopiedRead extends Pick<Passenger, 'timeoutMs' | 'bytes'> {
  /** Well or not. */
  answeredBy(copy: ReadCopy, result: OperationResult, nowMs: number): void;
  /** Its way broke. */
  lostBy(copy: ReadCopy): void;
}

/** What that owner is asked: the whole read, of which it is a coordinator then, or what its own copy shows. */
export interface CopiedQuestion {
  readonly get: GetRequest | undefined;
  readonly replicaRead: ReplicaReadRequest | undefined;
}

/** A part of a read, on its way to another owner than the read itself. */
export class ReadCopy implements Passenger {
  id = 0;
  timeoutMs: number;
  readonly get: GetRequest | undefined;
  readonly put: PutRequest | undefined = undefined;
  readonly delete: DeleteRequest | undefined = undefined;
  readonly ticket: TicketRequest | undefined = undefined;
  readonly replicaRead: ReplicaReadRequest | undefined;
  readonly bytes: number;
  batch: Batch | undefined = undefined;
  index = 0;
  isWithdrawn = false;
  readonly contact: Contact;
  readonly #read: CopiedRead;

  constructor(read: CopiedRead, { get, replicaRead }: CopiedQuestion, contact: Contact) {
    this.get = get;
    this.replicaRead = replicaRead;
    this.timeoutMs = read.timeoutMs;
    this.bytes = read.bytes;
    this.contact = contact;
    this.#read = read;
  }

  leaves(): boolean {
    return true;
  }

  arrived(result: OperationResult, nowMs: number): void {
    this.#read.answeredBy(this, result, nowMs);
  }

  failed(): void {
    this.#read.lostBy(this);
  }

  /** Nobody waits for it any more. */
  withdraw(): void {
    this.contact.lane.withdraw(this);
  }
}
