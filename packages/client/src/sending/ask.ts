import type { KvError } from '@kv/errors';
import {
  kvErrorFromMessage,
  type DeleteRequest,
  type GetRequest,
  type Operation,
  type OperationResult,
  type PutRequest,
  type ReplicaReadRequest,
  type ReplicaWriteRequest,
  type TicketRequest,
} from '@kv/proto';

import { operationOverheadBytes } from '../limits.js';
import type { CallOptions } from '../transport/transport.js';
import type { Lane } from './lane.js';
import type { Batch, Passenger } from './passenger.js';

/** What an operation asks for: exactly one of these. */
export type Question = Pick<Operation, 'get' | 'put' | 'delete' | 'ticket'>;

/** One operation through a lane, as a call. Rejects with a KvError; once the signal aborts, whoever called has given up. */
export function ask(
  lane: Lane,
  question: Question,
  { signal, timeoutMs }: CallOptions,
): Promise<OperationResult> {
  return new Promise((resolve, reject) => {
    const asked = new Asked(question, timeoutMs, {
      resolve: (result) => {
        signal.removeEventListener('abort', giveUp);
        resolve(result);
      },
      reject: (error) => {
        signal.removeEventListener('abort', giveUp);
        reject(error);
      },
    });
    const giveUp = (): void => lane.withdraw(asked);
    signal.addEventListener('abort', giveUp, { once: true });
    lane.submit(asked);
  });
}

interface Settle {
  readonly resolve: (result: OperationResult) => void;
  readonly reject: (error: KvError) => void;
}

class Asked implements Passenger {
  id = 0;
  timeoutMs: number;
  readonly get: GetRequest | undefined;
  readonly put: PutRequest | undefined;
  readonly delete: DeleteRequest | undefined;
  readonly ticket: TicketRequest | undefined;
  readonly replicaRead: ReplicaReadRequest | undefined = undefined;
  readonly replicaWrite: ReplicaWriteRequest | undefined = undefined;
  readonly bytes: number;
  batch: Batch | undefined;
  index = 0;
  isWithdrawn = false;
  readonly #settle: Settle;

  constructor(question: Question, timeoutMs: number | undefined, settle: Settle) {
    this.get = question.get;
    this.put = question.put;
    this.delete = question.delete;
    this.ticket = question.ticket;
    this.timeoutMs = Math.ceil(timeoutMs ?? 0);
    this.bytes = operationBytes(question);
    this.#settle = settle;
  }

  leaves(): boolean {
    return true; // Whatever it may say was settled when it was made.
  }

  arrived(result: OperationResult): void {
    if (result.error === undefined) this.#settle.resolve(result);
    else this.#settle.reject(kvErrorFromMessage(result.error));
  }

  failed(error: KvError): void {
    this.#settle.reject(error);
  }
}

/** About as many as it takes in a message. */
export function operationBytes({ get, put, delete: remove, ticket }: Question): number {
  const key = get?.key ?? put?.key ?? remove?.key ?? ticket?.key;
  return operationOverheadBytes + (key?.length ?? 0) + (put?.value.length ?? 0);
}
