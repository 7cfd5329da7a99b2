import type { Timestamp } from '@kv/hlc';

import { type ReadAnswers, sameAnswer } from '../../replica/answers.js';
import { type HeadAnswer, type ManyReads, notSent, type ReadAnswer } from '../../replica/channel.js';
import type { Caller } from '../caller.js';
import type { CheckedTicketRequest } from '../check-request.js';
import { Flight, Passenger } from './flight.js';
import type { TicketResult } from '../requests.js';
import { readTime, serverTime, stampAtOnce } from '../shell.js';
import { TicketCaller } from '../ticket-caller.js';
import { TicketOperation } from '../ticket-operation.js';

export class FlyingTicket extends Passenger<ReadAnswer | HeadAnswer> {
  readonly level = 'linearizable';
  readonly request: CheckedTicketRequest;
  readonly caller: Caller<TicketResult>;

  constructor(
    flight: TicketFlight,
    timeoutMs: number,
    request: CheckedTicketRequest,
    caller: Caller<TicketResult>,
  ) {
    super(flight, timeoutMs);
    this.request = request;
    this.caller = caller;
  }

  reject(error: unknown): void {
    this.caller.reject(error);
  }
}

/** Tickets that are issued once a quorum has shown heads, above the newest of them (rule 10). */
export class TicketFlight extends Flight<
  FlyingTicket,
  ReadAnswer | HeadAnswer,
  ReadAnswers,
  TicketOperation
> {
  #message: ManyReads | undefined;

  protected prepare(): boolean {
    return true;
  }

  protected pack(deadlineAtMs: number): void {
    const keys = this.passengers.map(({ request }) => request.key);
    this.#message = { keys, at: readTime(this.shell), wantValues: false, deadlineAtMs, isLone: false };
  }

  ask(member: number): void {
    const channel = this.shell.replica(member);
    if (channel === undefined) this.onAnswers(member, sameAnswer(notSent), 0);
    else channel.readMany(this.#message!, this);
  }

  protected judge(passenger: FlyingTicket, index: number): 'told' | 'wait' | 'leave' {
    let replies = 0;
    let above: Timestamp | undefined;
    for (const { answers, first } of this.heard) {
      if (answers.isNone) continue;
      const seen = answers.timestampAt(first + index);
      if (seen === undefined) return 'leave';
      if (seen > (above ?? 0)) above = seen;
      replies += 1;
    }
    if (replies < this.quorumOf(passenger)) return 'wait';
    return this.#issue(passenger, above) ? 'told' : 'leave';
  }

  #issue({ request, caller }: FlyingTicket, above: Timestamp | undefined): boolean {
    const { counters, observer } = this.shell;
    // Without a stamp it asks again, alone, and waits for it or is told why there is none.
    const ticket = stampAtOnce(this.shell, request, above);
    if (ticket === undefined) return false;
    counters.tickets += 1;
    observer?.ticketed?.({ key: request.key, version: ticket });
    caller.resolve({ ticket, serverTime: serverTime(this.shell) });
    return true;
  }

  protected alone({ request, caller }: FlyingTicket, timeoutMs: number): TicketOperation {
    return new TicketOperation(this.shell, request, { timeoutMs }, new TicketCaller(this.shell, caller));
  }

  protected goOn(operation: TicketOperation): void {
    operation.goOn();
  }
}
