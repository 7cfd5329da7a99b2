import type { KvError } from '@kv/errors';
import type { Version } from '@kv/hlc';
import { kvErrorToMessage, MessageBuilder, OperationResult } from '@kv/proto';
import type {
  GetResult,
  ReplicaReadResult,
  ReplicaWriteResult,
  TicketResult,
  WriteResult,
} from '@kv/replication';

import { sessionBuildersIdleMax, sessionMessageBytesMax } from '../limits.js';
import {
  fromGetResult,
  fromReplicaReadResult,
  fromReplicaWriteResult,
  fromWriteResult,
} from './kv-messages.js';

/**
 * Results of one session on their way into messages. Each is encoded as it comes, so that nothing of it is kept until its
 * message leaves.
 */
export class ResultMessages {
  /** Of the message that grows. */
  #builder: MessageBuilder | undefined;
  #full: Buffer[] = [];

  get isEmpty(): boolean {
    return this.#builder === undefined;
  }

  get(id: number, result: GetResult): void {
    this.#append({ id, get: fromGetResult(result) }, result.found ? result.value.length : 0);
  }

  /** @param reserved for another write, if one was wanted */
  put(id: number, result: WriteResult, reserved: Version | undefined): void {
    this.#append({ id, put: fromWriteResult(result, reserved) }, previousBytes(result));
  }

  /** As `put`. */
  delete(id: number, result: WriteResult, reserved: Version | undefined): void {
    this.#append({ id, delete: fromWriteResult(result, reserved) }, previousBytes(result));
  }

  ticket(id: number, result: TicketResult): void {
    this.#append({ id, ticket: result }, 0);
  }

  replicaRead(id: number, result: ReplicaReadResult, omitsValue: boolean): void {
    const replicaRead = fromReplicaReadResult(result, omitsValue);
    this.#append({ id, replicaRead }, replicaRead.value.length);
  }

  replicaWrite(id: number, result: ReplicaWriteResult): void {
    this.#append({ id, replicaWrite: fromReplicaWriteResult(result) }, previousBytes(result));
  }

  error(id: number, error: KvError): void {
    this.#append({ id, error: kvErrorToMessage(error) }, 0);
  }

  /** All that came since the last time, as bytes of SessionResponse. */
  take(): readonly Buffer[] {
    const messages = this.#full;
    this.#full = [];
    if (this.#builder !== undefined) {
      messages.push(this.#builder.take());
      if (idleBuilders.length < sessionBuildersIdleMax) idleBuilders.push(this.#builder);
      this.#builder = undefined;
    }
    return messages;
  }

  #append(result: OperationResult, valueBytes: number): void {
    const builder = (this.#builder ??= idleBuilders.pop() ?? new MessageBuilder());
    const { byteLength } = builder;
    if (byteLength > 0 && byteLength + resultBytes + valueBytes > sessionMessageBytesMax) {
      this.#full.push(builder.take());
    }
    builder.append(resultsField, OperationResult, result);
  }
}

/** SessionResponse.results */
const resultsField = 1;

/** About what a result takes beside its value. */
const resultBytes = 64;

/** A session without results has none. */
const idleBuilders: MessageBuilder[] = [];

function previousBytes({ previous }: Pick<WriteResult, 'previous'>): number {
  return previous.kind === 'value' ? previous.value.length : 0;
}
