import type { DeleteRequest, GetRequest, OperationResult, PutRequest, TicketRequest } from '@kv/proto';

import type { Contact } from '../attempts/endpoint-pool.js';
import type { Batch, Passenger } from '../sending/passenger.js';

/** The read that it is a copy of. */
export interface CopiedRead extends Pick<Passenger, 'get' | 'timeoutMs' | 'bytes'> {
  answeredBy(copy: ReadCopy, result: OperationResult, nowMs: number): void;
}

/** A hedged read on its way to another owner. Only a good answer of it matters: the read itself is still under way. */
export class ReadCopy implements Passenger {
  id = 0;
  timeoutMs: number;
  readonly get: GetRequest | undefined;
  readonly put: PutRequest | undefined = undefined;
  readonly delete: DeleteRequest | undefined = undefined;
  readonly ticket: TicketRequest | undefined = undefined;
  readonly bytes: number;
  batch: Batch | undefined = undefined;
  index = 0;
  isWithdrawn = false;
  readonly contact: Contact;
  readonly #read: CopiedRead;

  constructor(read: CopiedRead, contact: Contact) {
    this.get = read.get;
    this.timeoutMs = read.timeoutMs;
    this.bytes = read.bytes;
    this.contact = contact;
    this.#read = read;
  }

  leaves(): boolean {
    return true;
  }

  arrived(result: OperationResult, nowMs: number): void {
    if (result.error === undefined) this.#read.answeredBy(this, result, nowMs);
  }

  failed(): void {
    // The other owner had its chance.
  }
}
