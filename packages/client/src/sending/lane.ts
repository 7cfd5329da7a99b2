/**
 * Operations on their way to one node. They leave as soon as what runs now has ended, and while others are under way once in a
 * turn of the event loop. While as many messages are under way as may be, later operations gather: so messages grow with the
 * load, and where there is none an operation waits for nothing.
 *
 * How many operations are right to have under way depends on the machines, and on other clients of theirs. So that bound
 * follows what comes back, as TCP's congestion window does: half of it when answers come late, one more for every round
 * that came in time. Else ten thousand puts at once would spend their stamp windows in the queues of sockets.
 */
import type { KvError } from '@kv/errors';
import { type OperationResult, OutcomeMessage } from '@kv/proto';

import {
  batchBytesMax,
  laneBytesMax,
  laneMessagesMax,
  laneOperationsFirst,
  laneOperationsMax,
  lateAnswerMs,
  operationsPerBatchMax,
  slowMessageMs,
} from '../limits.js';
import type { Clock, Timers } from '../ports.js';
import type { ClientConnection, Exchange, ExchangeSink } from '../transport/transport.js';
import type { Batch, Passenger } from './passenger.js';

export interface LanePorts {
  readonly clock: Clock;
  readonly timers: Timers;
}

export class Lane {
  readonly #connection: ClientConnection;
  readonly #ports: LanePorts;
  #waiting: Passenger[] = [];
  /** Where those begin that have not left. */
  #first = 0;
  #flushIsDue: 'now' | 'next-turn' | undefined = undefined;
  /** Messages that hold back others, oldest first. */
  #messages: LaneBatch[] = [];
  #operations = 0;
  #bytes = 0;
  #operationsMax = laneOperationsFirst;
  #narrowedAtMs = -Infinity;
  #heardAtMs = -Infinity;
  #doubtedUntilMs = -Infinity;
  #cancelLook: (() => void) | undefined;

  constructor(connection: ClientConnection, ports: LanePorts) {
    this.#connection = connection;
    this.#ports = ports;
  }

  /** As many as may be under way at the moment. */
  get operationsMax(): number {
    return Math.floor(this.#operationsMax);
  }

  /** Operations that wait or are under way. */
  get load(): number {
    return this.#operations + this.#waiting.length - this.#first;
  }

  submit(passenger: Passenger): void {
    passenger.batch = undefined;
    this.#waiting.push(passenger);
    this.#scheduleFlush();
  }

  /** A part of what leaves for another node now: it leaves with the other parts, as soon as what runs now has ended. */
  submitPart(passenger: Passenger): void {
    passenger.batch = undefined;
    this.#waiting.push(passenger);
    if (this.#flushIsDue !== 'now') this.#flushSoon();
  }

  /** Nobody waits for it any more: it does not leave, or its node is told. */
  withdraw(passenger: Passenger): void {
    passenger.isWithdrawn = true;
    passenger.batch?.withdraw(passenger.index);
  }

  #scheduleFlush(): void {
    if (this.#flushIsDue !== undefined) return;
    // Whoever waits for answers has been resumed by them, all before this: they are under way together.
    if (this.#operations === 0) this.#flushSoon();
    else {
      this.#flushIsDue = 'next-turn';
      this.#ports.timers.nextTurn(this.#flush);
    }
  }

  #flushSoon(): void {
    this.#flushIsDue = 'now';
    void Promise.resolve().then(this.#flush);
  }

  readonly #flush = (): void => {
    this.#flushIsDue = undefined;
    const nowMs = this.#ports.clock.monotonicMs();
    while (this.#first < this.#waiting.length) {
      this.#forgetSlow(nowMs);
      if (this.#messages.length >= laneMessagesMax) {
        this.#lookAgain(nowMs);
        break;
      }
      const passengers = this.#board(nowMs);
      if (passengers.length === 0) break;
      const batch = new LaneBatch(passengers, nowMs, this);
      this.#messages.push(batch);
      batch.exchange = this.#connection.exchange(passengers, batch);
    }
    this.#compact();
  };

  /** What fits into one message, and under the bounds; empty if nothing may leave now. */
  #board(nowMs: number): Passenger[] {
    const passengers: Passenger[] = [];
    let bytes = 0;
    for (; this.#first < this.#waiting.length; this.#first += 1) {
      const passenger = this.#waiting[this.#first]!;
      if (passenger.isWithdrawn) continue;
      const isFirst = passengers.length === 0;
      if (passengers.length === operationsPerBatchMax) break;
      if (!isFirst && bytes + passenger.bytes > batchBytesMax) break;
      if (this.#operations >= this.operationsMax) break;
      // One alone may be larger than all that is allowed.
      if (this.#operations > 0 && this.#bytes + passenger.bytes > laneBytesMax) break;
      if (!passenger.leaves(nowMs)) continue;
      bytes += passenger.bytes;
      this.#bytes += passenger.bytes;
      this.#operations += 1;
      passengers.push(passenger);
    }
    return passengers;
  }

  #compact(): void {
    if (this.#first === this.#waiting.length) {
      this.#waiting = [];
      this.#first = 0;
    } else if (this.#first > 1_024 && this.#first * 2 > this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#first);
      this.#first = 0;
    }
  }

  /** A message that is slow, or whose half is answered, holds back nobody: what it waits for is some slow operation. */
  #forgetSlow(nowMs: number): void {
    while (this.#messages.length > 0 && nowMs - this.#messages[0]!.sentAtMs >= slowMessageMs) {
      this.#messages.shift();
    }
  }

  #lookAgain(nowMs: number): void {
    if (this.#cancelLook !== undefined) return;
    const inMs = Math.max(1, this.#messages[0]!.sentAtMs + slowMessageMs - nowMs);
    this.#cancelLook = this.#ports.timers.after(inMs, () => {
      this.#cancelLook = undefined;
      this.#scheduleFlush();
    });
  }

  /** When an answer came last, by the monotonic clock. */
  get heardAtMs(): number {
    return this.#heardAtMs;
  }

  /** Its node was slow to answer: not for what others do as well, until then or until it answers. */
  doubt(untilMs: number): void {
    this.#doubtedUntilMs = untilMs;
  }

  isDoubted(nowMs: number): boolean {
    return nowMs < this.#doubtedUntilMs;
  }

  /** Called by batches. */
  left(passenger: Passenger): void {
    this.#operations -= 1;
    this.#bytes -= passenger.bytes;
  }

  halfAnswered(batch: LaneBatch): void {
    const at = this.#messages.indexOf(batch);
    if (at >= 0) this.#messages.splice(at, 1);
  }

  /** Some of a batch are over. */
  settled(batch: LaneBatch, { count, isLate }: { readonly count: number; readonly isLate: boolean }): void {
    if (count > 0) {
      this.#heardAtMs = this.#ports.clock.monotonicMs();
      this.#doubtedUntilMs = -Infinity;
    }
    if (isLate) this.#narrow(batch);
    else {
      this.#operationsMax = Math.min(laneOperationsMax, this.#operationsMax + count / this.#operationsMax);
    }
    if (this.#first === this.#waiting.length) {
      this.#cancelLook?.();
      this.#cancelLook = undefined;
    } else this.#scheduleFlush();
  }

  /** Those that were under way together come late together: one reason, one narrowing. */
  #narrow({ sentAtMs }: LaneBatch): void {
    if (sentAtMs < this.#narrowedAtMs) return;
    this.#narrowedAtMs = this.#ports.clock.monotonicMs();
    this.#operationsMax = Math.max(1, this.#operationsMax / 2);
  }

  nowMs(): number {
    return this.#ports.clock.monotonicMs();
  }
}

/** One message. Its passengers are told as results come. */
class LaneBatch implements ExchangeSink, Batch {
  readonly sentAtMs: number;
  exchange: Exchange | undefined;
  readonly #lane: Lane;
  readonly #passengers: (Passenger | undefined)[];
  #remaining: number;
  /** Of those that come together. */
  #arrived = 0;
  #arrivedAtMs = 0;
  #isLate = false;
  #holdsBack = true;

  constructor(passengers: readonly Passenger[], sentAtMs: number, lane: Lane) {
    this.#passengers = [...passengers];
    this.sentAtMs = sentAtMs;
    this.#lane = lane;
    this.#remaining = passengers.length;
    for (let index = 0; index < passengers.length; index += 1) {
      const passenger = passengers[index]!;
      passenger.batch = this;
      passenger.index = index;
    }
  }

  onResult(index: number, result: OperationResult): void {
    const passenger = this.#take(index);
    if (passenger === undefined) return;
    if (this.#arrived === 0) this.#arrivedAtMs = this.#lane.nowMs();
    this.#arrived += 1;
    if (cameTooLate(result)) this.#isLate = true;
    passenger.arrived(result, this.#arrivedAtMs);
  }

  onResultsEnd(): void {
    const isLate = this.#isLate || this.#lane.nowMs() - this.sentAtMs > lateAnswerMs;
    const count = this.#arrived;
    this.#arrived = 0;
    this.#isLate = false;
    this.#lane.settled(this, { count, isLate });
  }

  onFailure(error: KvError): void {
    for (let index = 0; index < this.#passengers.length; index += 1) this.#take(index)?.failed(error);
    this.#lane.settled(this, { count: 0, isLate: false });
  }

  withdraw(index: number): void {
    if (this.#take(index) === undefined) return;
    this.exchange?.cancel(index);
    this.#lane.settled(this, { count: 0, isLate: false });
  }

  #take(index: number): Passenger | undefined {
    const passenger = this.#passengers[index];
    if (passenger === undefined) return undefined;
    this.#passengers[index] = undefined;
    // Else one that a collection of garbage made old would hold all that travelled with it.
    passenger.batch = undefined;
    this.#remaining -= 1;
    this.#lane.left(passenger);
    if (this.#holdsBack && this.#remaining * 2 <= this.#passengers.length) {
      this.#holdsBack = false;
      this.#lane.halfAnswered(this);
    }
    return passenger;
  }
}

/** Its stamp window was over when a node came to it. */
function cameTooLate({ error }: OperationResult): boolean {
  return error?.code === 'timeout' && error.outcome === OutcomeMessage.NOT_APPLIED;
}
