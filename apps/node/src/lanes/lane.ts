/**
 * Operations of one kind on their way to one member, in parcels. An idle lane sends as soon as what runs now has ended; while
 * messages are under way those submitted in one turn of the event loop travel as one, and while as many are as may be, later
 * ones gather for the next. So the messages grow with the load, and an idle lane adds no delay.
 */
import type { AnswersReceiver } from '@kv/replication';

import type { ByteBudget } from './byte-budget.js';
import {
  messagesInFlightMax,
  operationOverheadBytes,
  operationsPerMessageMax,
  recordBytesPerMessageMax,
  recordsReturnedPerMessageMax,
} from '../limits.js';
import type { Clock, Timers } from '../ports.js';

/** Sends one message; gives the answers to all of its operations, in their order. `deadlineMs`: Infinity = no bound. */
export type Exchange<Parcel, Batch> = (parcels: readonly Parcel[], deadlineMs: number) => Promise<Batch>;

/** Operations that are never parted. */
export interface LaneParcel {
  /** How many. */
  readonly count: number;
  /** Of their records or keys. */
  readonly bytes: number;
  /** Records that the answers may carry, which bounds how many operations fit one message. */
  readonly returned: number;
  /** By the monotonic clock; Infinity = no bound. */
  readonly deadlineAtMs: number;
  readonly signal?: AbortSignal | undefined;
  /** It does not wait for the turn to end, also where the lane is near. */
  readonly isLone?: boolean | undefined;
}

export interface LaneOptions<Parcel, Batch> {
  /** Number of the member that is asked. */
  readonly member: number;
  readonly exchange: Exchange<Parcel, Batch>;
  /** The answers if the message failed so. */
  failed(error: unknown): Batch;
  /** The answers to what was not sent, and never will be. */
  readonly notSent: Batch;
  /** In flight at a time. */
  readonly messagesMax?: number | undefined;
  /** Lets the messages to others go first, though it is idle: what it asks needs no network. Default false. */
  readonly isNear?: boolean | undefined;
}

export interface LanePorts {
  readonly budget: ByteBudget;
  readonly clock: Clock;
  readonly timers: Timers;
}

/** Too many bytes are on their way to the member: the operation was not sent, and never will be. */
export class LaneFull extends Error {}

interface Entry<Parcel, Batch> {
  readonly parcel: Parcel;
  readonly receiver: AnswersReceiver<Batch>;
  /** What it takes of the budget. */
  readonly bytes: number;
}

export class Lane<Parcel extends LaneParcel, Batch> {
  readonly #options: LaneOptions<Parcel, Batch>;
  readonly #ports: LanePorts;
  readonly #messagesMax: number;
  #waiting: Entry<Parcel, Batch>[] = [];
  #inFlight = 0;
  #flushIsDue = false;

  constructor(options: LaneOptions<Parcel, Batch>, ports: LanePorts) {
    this.#options = options;
    this.#ports = ports;
    this.#messagesMax = options.messagesMax ?? messagesInFlightMax;
  }

  /** The receiver is told once, in a later turn or microtask. */
  submit(parcel: Parcel, receiver: AnswersReceiver<Batch>): void {
    const bytes = parcel.bytes + parcel.count * operationOverheadBytes;
    if (!this.#ports.budget.take(bytes)) {
      const full = this.#options.failed(new LaneFull());
      void Promise.resolve().then(() => receiver.onAnswers(this.#options.member, full, 0));
      return;
    }
    this.#waiting.push({ parcel, receiver, bytes });
    if (!this.#flushIsDue && this.#inFlight < this.#messagesMax) this.#scheduleFlush(parcel);
  }

  #scheduleFlush({ isLone }: LaneParcel): void {
    this.#flushIsDue = true;
    const waitsForOthers = this.#options.isNear === true && isLone !== true;
    if (this.#inFlight === 0 && !waitsForOthers) void Promise.resolve().then(this.#flush);
    else this.#ports.timers.nextTurn(this.#flush);
  }

  readonly #flush = (): void => {
    this.#flushIsDue = false;
    while (this.#inFlight < this.#messagesMax && this.#waiting.length > 0) {
      const message = this.#nextMessage();
      if (message.length > 0) void this.#send(message);
    }
  };

  /** Takes what fits into one message, and drops what nobody waits for any more: empty if that was all of it. */
  #nextMessage(): readonly Entry<Parcel, Batch>[] {
    const nowMs = this.#ports.clock.monotonicMs();
    const message: Entry<Parcel, Batch>[] = [];
    let count = 0;
    let bytes = 0;
    let returned = 0;
    let looked = 0;
    for (const entry of this.#waiting) {
      const { parcel } = entry;
      const isFull =
        count + parcel.count > operationsPerMessageMax ||
        bytes + entry.bytes > recordBytesPerMessageMax ||
        returned + parcel.returned > recordsReturnedPerMessageMax;
      if (message.length > 0 && isFull) break;
      looked += 1;
      if (parcel.signal?.aborted === true || parcel.deadlineAtMs <= nowMs) {
        this.#ports.budget.give(entry.bytes);
        entry.receiver.onAnswers(this.#options.member, this.#options.notSent, 0);
        continue;
      }
      count += parcel.count;
      bytes += entry.bytes;
      returned += parcel.returned;
      message.push(entry);
    }
    this.#waiting = looked === this.#waiting.length ? [] : this.#waiting.slice(looked);
    return message;
  }

  async #send(message: readonly Entry<Parcel, Batch>[]): Promise<void> {
    const { budget, clock } = this.#ports;
    const parcels: Parcel[] = [];
    let deadlineAtMs = 0;
    let bytes = 0;
    for (const entry of message) {
      parcels.push(entry.parcel);
      bytes += entry.bytes;
      if (entry.parcel.deadlineAtMs > deadlineAtMs) deadlineAtMs = entry.parcel.deadlineAtMs;
    }
    this.#inFlight += 1;
    let answers: Batch;
    try {
      answers = await this.#options.exchange(parcels, deadlineAtMs - clock.monotonicMs());
    } catch (error) {
      answers = this.#options.failed(error);
    }
    this.#inFlight -= 1;
    budget.give(bytes);
    let first = 0;
    for (const { parcel, receiver } of message) {
      receiver.onAnswers(this.#options.member, answers, first);
      first += parcel.count;
    }
    if (this.#waiting.length > 0 && !this.#flushIsDue) this.#scheduleFlush(this.#waiting[0]!.parcel);
  }
}
