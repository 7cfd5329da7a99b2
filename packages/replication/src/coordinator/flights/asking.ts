import type { Unhurried } from '../afterwards.js';
import type { Waiting } from '../patience.js';
import type { Shell } from '../shell.js';

export interface AskingOptions {
  readonly members: readonly number[];
  readonly operations: number;
  /** So many are asked at once; the others if one of these is late. */
  readonly first: number;
}

export interface AskingFlight {
  /** Nobody aboard waits. */
  readonly isClosed: boolean;
  ask(member: number): void;
}

/** Whom a flight has asked, who has answered, and who is asked if that is not enough. */
export class Asking implements Waiting, Unhurried {
  readonly #shell: Pick<Shell, 'afterwards' | 'askingOrder' | 'clock' | 'hedges' | 'placement'>;
  readonly #flight: AskingFlight;
  #beganAtMs = 0;
  /** Asked, and not heard. */
  #silent: number[] = [];
  /** Not asked. */
  #rest: readonly number[] = noMembers;
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

  /** Who was not asked, unless they will be. */
  get rest(): readonly number[] {
    return this.#restFollows ? noMembers : this.#rest;
  }

  get isClosed(): boolean {
    return this.#flight.isClosed || this.#rest.length === 0;
  }

  begin({ members, operations, first }: AskingOptions, nowMs: number): void {
    const { askingOrder, hedges, placement } = this.#shell;
    const order = askingOrder.of(members, placement.self, operations);
    this.#beganAtMs = nowMs;
    this.#rest = order.slice(first);
    if (this.#rest.length > 0) hedges.watch(this, nowMs);
    // The own copy last: the others have the longer way.
    for (const member of order.slice(0, first).reverse()) this.#ask(member);
  }

  heard(member: number, answers: { readonly isNone: boolean }): void {
    const { askingOrder, clock } = this.#shell;
    this.#silent = this.#silent.filter((other) => other !== member);
    askingOrder.heard(member, answers, clock.monotonicMs() - this.#beganAtMs);
  }

  askRest(): void {
    const rest = this.#rest;
    this.#rest = noMembers;
    for (const member of rest) this.#ask(member);
  }

  askRestLater(): void {
    this.#restFollows = true;
    this.#shell.afterwards.soon.add(this);
  }

  /** Nobody needs it. */
  forgetRest(): void {
    this.#rest = noMembers;
  }

  patienceIsOver(): void {
    for (const member of this.#silent) this.#shell.askingOrder.wasLate(member);
    this.askRest();
  }

  followUp(): void {
    this.#beganAtMs = this.#shell.clock.monotonicMs();
    this.askRest();
  }

  #ask(member: number): void {
    this.#silent.push(member);
    this.#flight.ask(member);
  }
}

const noMembers: readonly number[] = [];
