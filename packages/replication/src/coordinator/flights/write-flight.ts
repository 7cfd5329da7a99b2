import { physicalMs, type Version } from '@kv/hlc';
import type { RecordFields } from '@kv/storage';

import { sameAnswer, type WriteAnswers } from '../../replica/answers.js';
import { type ManyWrites, notSent, type WriteAnswer } from '../../replica/channel.js';
import type { Caller } from '../caller.js';
import type { CheckedWrite } from '../check-request.js';
import { Flight, Passenger } from './flight.js';
import type { WriteResult } from '../requests.js';
import { countStamp, issueStamp, serverTime, versionOf } from '../shell.js';
import { WriteOperation } from '../write-operation.js';

export class FlyingWrite extends Passenger<WriteAnswer> {
  readonly write: CheckedWrite;
  readonly caller: Caller<WriteResult>;
  version: Version | undefined = undefined;
  acknowledgements = 0;

  constructor(flight: WriteFlight, timeoutMs: number, write: CheckedWrite, caller: Caller<WriteResult>) {
    super(flight, timeoutMs);
    this.write = write;
    this.caller = caller;
  }

  get level() {
    return this.write.consistency;
  }

  reject(error: unknown): void {
    this.caller.reject(error);
  }
}

/** Writes that are over once enough owners have stored their records, and whose callers ask for no previous value. */
export class WriteFlight extends Flight<FlyingWrite, WriteAnswer, WriteAnswers> {
  #message: ManyWrites | undefined;
  /** Of the last that was heard. */
  #time: WriteResult['serverTime'] | undefined;

  override onAnswers(from: number, answers: WriteAnswers, first: number): void {
    this.#time = undefined;
    super.onAnswers(from, answers, first);
  }

  protected prepare(passenger: FlyingWrite): boolean {
    const { write } = passenger;
    if (write.ticket !== undefined) {
      passenger.version = write.ticket;
      return true;
    }
    const stamp = issueStamp(this.shell, write, undefined);
    // Alone it asks again, and waits for the stamp, or is told why there is none.
    if (!('kind' in stamp) || stamp.kind === 'refused') return false;
    countStamp(this.shell, stamp);
    passenger.version = versionOf(this.shell, stamp.timestamp);
    return true;
  }

  protected pack(deadlineAtMs: number): void {
    const { observer, records } = this.shell;
    const encoded = records.encodeAll(this.passengers.map((passenger) => recordOf(passenger)));
    this.#message = { records: encoded, count: this.passengers.length, deadlineAtMs };
    if (observer?.stamped === undefined) return;
    for (const { write, version } of this.passengers) {
      const { key, operationId, ticket } = write;
      observer.stamped({ key, operationId, version: version!, round: ticket === undefined ? 1 : 'ticket' });
    }
  }

  protected ask(member: number): void {
    const channel = this.shell.replica(member);
    if (channel === undefined) this.onAnswers(member, sameAnswer(notSent), 0);
    else channel.writeMany(this.#message!, this);
  }

  protected judge(passenger: FlyingWrite, index: number): 'told' | 'wait' | 'leave' {
    const { answers, first } = this.heard.at(-1)!;
    if (answers.isNone) return 'wait';
    if (!answers.isStored(first + index)) return 'leave';
    passenger.acknowledgements += 1;
    if (passenger.acknowledgements < this.quorumOf(passenger)) return 'wait';
    this.#time ??= serverTime(this.shell);
    passenger.caller.resolve({ version: passenger.version!, previous: notAsked, serverTime: this.#time });
    return 'told';
  }

  protected startAlone({ write, timeoutMs, caller }: FlyingWrite): WriteOperation {
    const operation = new WriteOperation(this.shell, write, { timeoutMs }, caller);
    operation.start();
    return operation;
  }

  protected goOnAlone({ write, version, endsAtMs, caller }: FlyingWrite): WriteOperation {
    const timeoutMs = Math.max(0, endsAtMs - this.shell.clock.monotonicMs());
    const operation = new WriteOperation(this.shell, write, { timeoutMs }, caller);
    operation.goOn(version!);
    return operation;
  }

  protected staysLate(): boolean {
    return false;
  }

  protected landed(): void {}
}

function recordOf({ write, version }: FlyingWrite): RecordFields {
  const { key, value, ttlMs, operationId } = write;
  return {
    key,
    value: value ?? noBytes,
    version: version!,
    tombstone: value === undefined,
    expiresAtMs: ttlMs > 0 ? physicalMs(version!.timestamp) + ttlMs : 0,
    operationId,
  };
}

const noBytes = new Uint8Array(0);
const notAsked = { kind: 'not-asked' } as const;
