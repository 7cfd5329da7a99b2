import type { Timestamp } from '@kv/hlc';
import type { RecordView } from '@kv/storage';

import { type ReadAnswers, sameAnswer } from '../../replica/answers.js';
import { type HeadAnswer, type ManyReads, notSent, type ReadAnswer } from '../../replica/channel.js';
import type { Caller } from '../caller.js';
import { Flight, type Heard, Passenger } from './flight.js';
import { GetCaller } from '../get-caller.js';
import { type CheckedRead, compareInBackground, lateBytesFixed, ReadOperation } from '../read-operation.js';
import type { GetResult } from '../requests.js';
import { readTime, serverTime } from '../shell.js';

export class FlyingRead extends Passenger<ReadAnswer | HeadAnswer> {
  readonly read: CheckedRead;
  readonly caller: Caller<GetResult>;

  constructor(flight: ReadFlight, timeoutMs: number, read: CheckedRead, caller: Caller<GetResult>) {
    super(flight, timeoutMs);
    this.read = read;
    this.caller = caller;
  }

  get level() {
    return this.read.level;
  }

  reject(error: unknown): void {
    this.caller.reject(error);
  }
}

/**
 * Reads that are over once enough owners show the same living record, this member's own copy among them, or none. The others
 * show heads, and whoever says so later is compared too.
 */
export class ReadFlight extends Flight<FlyingRead, ReadAnswer | HeadAnswer, ReadAnswers, ReadOperation> {
  #at: Timestamp | undefined;
  #message: ManyReads | undefined;
  #own: Heard<ReadAnswers> | undefined;
  /** Of the last that was heard. */
  #time: GetResult['serverTime'] | undefined;
  /** What its passengers count for among those that wait for late answers. */
  #lateBytes = 0;
  #lateBytesHeld = 0;

  override onAnswers(from: number, answers: ReadAnswers, first: number): void {
    this.#time = undefined;
    if (from === this.shell.placement.self) this.#own = { member: from, answers, first };
    super.onAnswers(from, answers, first);
  }

  protected prepare(): boolean {
    this.#at ??= readTime(this.shell);
    return true;
  }

  protected pack(deadlineAtMs: number): void {
    const keys = this.passengers.map(({ read }) => read.key);
    this.#message = {
      keys,
      at: this.#at!,
      wantValues: false,
      deadlineAtMs,
      isLone: this.isLone(),
    };
  }

  ask(member: number): void {
    const { keys, at, deadlineAtMs, isLone } = this.#message!;
    const channel = this.shell.replica(member);
    const wantValues = member === this.shell.placement.self;
    if (channel === undefined) this.onAnswers(member, sameAnswer(notSent), 0);
    else channel.readMany({ keys, at, wantValues, deadlineAtMs, isLone }, this);
  }

  protected override asksSpared(): boolean {
    return this.staysLate() && this.shell.readsCompared.take(this.passengers.length);
  }

  protected judge(passenger: FlyingRead, index: number): 'told' | 'wait' | 'leave' {
    const own = this.#own;
    if (own === undefined) return 'wait';
    const record = own.answers.recordAt(own.first + index);
    if (record === undefined) {
      if (!own.answers.isAbsent(own.first + index)) return 'leave';
      // Whether they are dead, or expired, is for a core to say.
    } else if (record.tombstone || record.expiresAtMs !== 0) return 'leave';
    let agreeing = 0;
    for (const heard of this.heard) {
      if (heard.answers.isNone) continue;
      const isSame = heard.member === own.member || agrees(heard, index, record);
      if (!this.shell.decisions.flightAgrees(isSame)) return 'leave';
      agreeing += 1;
    }
    if (agreeing < this.quorumOf(passenger)) return 'wait';
    this.#tell(passenger, record);
    return 'told';
  }

  protected override heardLate({ read }: FlyingRead, index: number): void {
    const own = this.#own!;
    const late = this.heard.at(-1)!;
    if (late.answers.isNone) return;
    if (!agrees(late, index, own.answers.recordAt(own.first + index)))
      compareInBackground(this.shell, read.key);
  }

  #tell({ caller, read }: FlyingRead, record: RecordView | undefined): void {
    const { random, options } = this.shell;
    if (read.level === 'one' && random.float() < options.compareShare)
      compareInBackground(this.shell, read.key);
    this.#time ??= serverTime(this.shell);
    this.#lateBytes += lateBytesFixed;
    if (record === undefined) {
      caller.resolve({ serverTime: this.#time, found: false, version: undefined });
      return;
    }
    const { value, version } = record;
    this.#lateBytes += value.length;
    caller.resolve({ serverTime: this.#time, found: true, value, version, expiresAtMs: 0 });
  }

  protected alone({ read, caller }: FlyingRead, timeoutMs: number): ReadOperation {
    return new ReadOperation(this.shell, read, { timeoutMs }, new GetCaller(this.shell, caller));
  }

  protected goOn(operation: ReadOperation): void {
    operation.goOn(this.#at!, this.members.length);
  }

  protected override staysLate(): boolean {
    const { background, options } = this.shell;
    if (this.#lateBytesHeld > 0) return true;
    if (background.lateBytes + this.#lateBytes > options.lateBytesMax) return false;
    this.#lateBytesHeld = this.#lateBytes;
    background.lateBytes += this.#lateBytesHeld;
    return true;
  }

  protected override landed(): void {
    this.shell.background.lateBytes -= this.#lateBytesHeld;
    this.#lateBytesHeld = 0;
  }
}

function agrees({ answers, first }: Heard<ReadAnswers>, index: number, record: RecordView | undefined) {
  return record === undefined ? answers.isAbsent(first + index) : answers.shows(first + index, record);
}
