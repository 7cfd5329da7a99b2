import { type Version, zeroTimestamp } from '@kv/hlc';
import type { RecordView } from '@kv/storage';

import { fewBytes, fewOperations } from '../../limits.js';
import { sameAnswer, type WriteAnswers } from '../../replica/answers.js';
import { previousRecord } from '../../cores/previous-record.js';
import { type ManyWrites, notSent, type WriteAnswer } from '../../replica/channel.js';
import type { ReplyFacts } from '../../replica/replica.js';
import { type VersionColumn, versionBytes, writeVersion } from '../../replica/version-column.js';
import type { Caller } from '../caller.js';
import type { CheckedWrite } from '../check-request.js';
import type { Crew } from './crew.js';
import { Flight, type FlightBounds, Passenger } from './flight.js';
import type { PreviousValue, WriteResult } from '../requests.js';
import { serverTime, type Shell, stampAtOnce } from '../shell.js';
import { previousValue, recordOf, WriteOperation } from '../write-operation.js';

export class FlyingWrite extends Passenger<WriteAnswer> {
  readonly write: CheckedWrite;
  readonly caller: Caller<WriteResult>;
  version: Version | undefined = undefined;
  /** What it is expected to replace, if anybody wants to know. */
  expected: RecordView | undefined = undefined;
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

/**
 * Writes that are over once enough owners have stored their records. Where the previous values are wanted, once enough owners
 * replaced what the own copy held as the flight departed: then none of them needs to show it.
 */
export class WriteFlight extends Flight<FlyingWrite, WriteAnswer, WriteAnswers, WriteOperation> {
  readonly #hasSelf: boolean;
  readonly #wantPrevious: boolean;
  #message: ManyWrites | undefined;
  /** Of the last that was heard. */
  #time: WriteResult['serverTime'] | undefined;

  constructor(shell: Shell, crew: Crew, options: WriteFlightOptions) {
    super(shell, crew.members, options);
    this.#hasSelf = crew.hasSelf;
    this.#wantPrevious = options.wantPrevious;
  }

  override onAnswers(from: number, answers: WriteAnswers, first: number): void {
    this.#time = undefined;
    super.onAnswers(from, answers, first);
  }

  protected prepare(passenger: FlyingWrite): boolean {
    const { write } = passenger;
    // Without a stamp it asks again, alone, and waits for it or is told why there is none.
    passenger.version = write.ticket ?? stampAtOnce(this.shell, write, undefined);
    return passenger.version !== undefined;
  }

  protected pack(deadlineAtMs: number): void {
    const { observer, records } = this.shell;
    const encoded = records.encodeAll(this.passengers.map(({ write, version }) => recordOf(write, version!)));
    const expected = this.#wantPrevious ? this.#expect() : undefined;
    const count = this.passengers.length;
    this.#message = { records: encoded, count, expected, deadlineAtMs, isLone: this.isLone() };
    if (observer?.stamped === undefined) return;
    for (const { write, version } of this.passengers) {
      const { key, operationId, ticket } = write;
      observer.stamped({ key, operationId, version: version!, round: ticket === undefined ? 1 : 'ticket' });
    }
  }

  ask(member: number): void {
    const channel = this.shell.replica(member);
    if (channel === undefined) this.onAnswers(member, sameAnswer(notSent), 0);
    else channel.writeMany(this.#message!, this);
  }

  /**
   * Where the own copy is enough its callers need not wait until others were asked. Nor, if they are few, until more than a
   * quorum was: messages would cost more than what they carry. The others are given the records once these are acknowledged.
   */
  protected override askedAtFirst(): number {
    const enough = super.askedAtFirst();
    return this.#hasSelf && (enough === 1 || this.#isQuiet()) ? enough : this.members.length;
  }

  /** Others under way may be about the same keys: owners that do not have a record yet cost reads a second look. */
  #isQuiet(): boolean {
    const { length } = this.passengers;
    return length <= fewOperations && this.bytes <= fewBytes && length === this.shell.aboard.operations;
  }

  protected override asksSpared(members: readonly number[]): boolean {
    const { records, count } = this.#message!;
    const { soon, later } = this.shell.spreading;
    // Only one was asked at ONE, whose reads seldom look for what others have.
    const asked = this.members.length - members.length;
    (asked === 1 ? later : soon).add(records, count, members);
    return false;
  }

  protected judge(passenger: FlyingWrite, index: number): 'told' | 'wait' | 'leave' {
    const { answers, first } = this.heard.at(-1)!;
    if (answers.isNone) return 'wait';
    const at = first + index;
    if (!(this.#wantPrevious ? answers.isAsExpected(at) : answers.isStored(at))) return 'leave';
    passenger.acknowledgements += 1;
    if (passenger.acknowledgements < this.quorumOf(passenger)) return 'wait';
    this.#time ??= serverTime(this.shell);
    const previous = this.#wantPrevious ? this.#previousOf(passenger) : notAsked;
    passenger.caller.resolve({ version: passenger.version!, previous, serverTime: this.#time });
    return 'told';
  }

  /** What all of the quorum replaced, so that it is enough to look at one of them. */
  #previousOf({ write, version, expected }: FlyingWrite): PreviousValue {
    return previousValue(
      previousRecord({
        stamp: version!,
        firstStamp: undefined,
        operationId: write.operationId,
        quorum: [{ last: { kind: 'stored', previous: expected, ...noFacts }, first: undefined }],
        decisions: this.shell.decisions,
      }),
    );
  }

  protected override answerTo(passenger: FlyingWrite, answers: WriteAnswers, index: number): WriteAnswer {
    const answer = answers.answerAt(index);
    const isNotShown = this.#wantPrevious && answers.isAsExpected(index) && answer.kind === 'stored';
    return isNotShown ? { ...answer, previous: passenger.expected } : answer;
  }

  #expect(): VersionColumn {
    const { passengers } = this;
    const column = new Uint8Array(passengers.length * versionBytes);
    for (let index = 0; index < passengers.length; index += 1) {
      const passenger = passengers[index]!;
      passenger.expected = this.#held(passenger.write.key);
      if (passenger.expected !== undefined) writeVersion(column, index, passenger.expected.version);
    }
    return column;
  }

  #held(key: Uint8Array): RecordView | undefined {
    try {
      return this.shell.peek?.(key);
    } catch {
      return undefined; // The own copy will refuse the write, too.
    }
  }

  protected alone({ write, caller }: FlyingWrite, timeoutMs: number): WriteOperation {
    return new WriteOperation(this.shell, write, { timeoutMs }, caller);
  }

  protected goOn(operation: WriteOperation, { version }: FlyingWrite): void {
    operation.goOn(version!);
  }
}

export interface WriteFlightOptions extends FlightBounds {
  /** Of all that board. */
  readonly wantPrevious: boolean;
}

/** A previous record is told by no more than itself. */
const noFacts: ReplyFacts = { hlcTime: zeroTimestamp, purgeFloor: zeroTimestamp, epoch: 0, incarnations: [] };
const notAsked = { kind: 'not-asked' } as const;
