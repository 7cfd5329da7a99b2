import { afterwardsMs } from '../../limits.js';
import type { Waiting } from '../patience.js';
import type { Shell } from '../shell.js';
import type { Unhurried } from './afterwards.js';

export interface AskingOptions {
  readonly members: readonly number[];
  readonly operations: number;
  /** So many are asked at once. */
  readonly first: number;
  /** The rest is asked in any case, a moment later; else if one of the first is late. */
  readonly wantsAll: boolean;
}

export interface AskingFlight {
  /** Nobody aboard waits. */
  readonly isClosed: boolean;
  ask(member: number): void;
}

/** Whom a flight has asked, who has answered, and who is asked if that is not enough. */
export class Asking implements Waiting, Unhurried {
  readonly #shell: Pick<Shell, 'afterwards' | 'askingOrder' | 'clock' | 'hedges' | 'options' | 'placement'>;
  readonly #flight: AskingFlight;
  #beganAtMs = 0;
  /** Asked, and not heard. */
  #silent: number[] = [];
  /** Not asked. */
  #rest: readonly number[] = [];
  #restFollows = false;

  constructor(shell: Shell, flight: AskingFlight) {
    this.#shell = shell;
    this.#flight = flight;
  }

  /** Everybody who was asked has answered. */
  get isAnswered(): boolean {
    return this.#silent.length === 0;
  }

  /** … and nobody else will be asked. */
  get isOver(): boolean {
    return this.isAnswered && this.#rest.length === 0;
  }

  /** There are others, and nothing was decided about them. */
  get hasRest(): boolean {
    return this.#rest.length > 0 && !this.#restFollows;
  }

  get isClosed(): boolean {
    return this.#flight.isClosed || this.#rest.length === 0;
  }

  begin({ members, operations, first, wantsAll }: AskingOptions, nowMs: number): void {
    const { askingOrder, hedges, placement } = this.#shell;
    const order = askingOrder.of(members, placement.self, operations);
    this.#beganAtMs = nowMs;
    this.#rest = order.slice(first);
    if (this.#rest.length > 0) {
      if (wantsAll) this.askRestLater();
      else hedges.watch(this, nowMs);
    }
    // The own copy last: the others have the longer way.
    for (const member of order.slice(0, first).reverse()) this.#ask(member);
  }

  heard(member: number, { isNone }: { readonly isNone: boolean }): void {
    const { askingOrder, clock, options } = this.#shell;
    this.#silent = this.#silent.filter((other) => other !== member);
    if (isNone) askingOrder.wasLate(member);
    else if (clock.monotonicMs() - this.#beganAtMs <= options.hedgeAfterMs) askingOrder.wasInTime(member);
  }

  askRest(): void {
    const rest = this.#rest;
    this.#rest = [];
    for (const member of rest) this.#ask(member);
  }

  askRestLater(): void {
    this.#restFollows = true;
    this.#shell.afterwards.add(this);
  }

  /** Nobody needs it. */
  forgetRest(): void {
    this.#rest = [];
  }

  patienceIsOver(): void {
    for (const member of this.#silent) this.#shell.askingOrder.wasLate(member);
    this.askRest();
  }

  /**
   * If somebody still waits, whoever has not answered is late, unless it was another flight's moment that is over. Half of one
   * is enough to tell: timers may be a little early.
   */
  followUp(): void {
    const waitedMs = this.#shell.clock.monotonicMs() - this.#beganAtMs;
    if (this.#flight.isClosed || waitedMs < afterwardsMs / 2) this.askRest();
    else this.patienceIsOver();
  }

  #ask(member: number): void {
    this.#silent.push(member);
    this.#flight.ask(member);
  }
}
