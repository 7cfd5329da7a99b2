import { ownerTurnOperations } from '../../limits.js';

/**
 * Whom a flight asks first, where a quorum is enough: the own copy, then the other owners in turn, so that they share the
 * work and each is compared now and then. Each has its turn for some operations: with few under way, a process that is asked
 * every other time is cold each time. One that was late is passed over until it answers in time again.
 */
export class AskingOrder {
  readonly #hedgeAfterMs: number;
  readonly #late = new Set<number>();
  #turn = 0;
  /** In this turn. */
  #given = 0;

  constructor({ hedgeAfterMs }: { readonly hedgeAfterMs: number }) {
    this.#hedgeAfterMs = hedgeAfterMs;
  }

  /** @param operations aboard the flight */
  of(members: readonly number[], self: number, operations: number): readonly number[] {
    const others = members.filter((member) => member !== self);
    const first = this.#turn % others.length || 0;
    this.#given += operations;
    if (this.#given >= ownerTurnOperations) {
      this.#given = 0;
      this.#turn += 1;
    }
    const inTurn = this.#lateLast([...others.slice(first), ...others.slice(0, first)]);
    return others.length < members.length ? [self, ...inTurn] : inTurn;
  }

  #lateLast(members: readonly number[]): readonly number[] {
    const late = this.#late;
    if (late.size === 0) return members;
    return [
      ...members.filter((member) => !late.has(member)),
      ...members.filter((member) => late.has(member)),
    ];
  }

  wasLate(member: number): void {
    this.#late.add(member);
  }

  heard(member: number, { isNone }: { readonly isNone: boolean }, afterMs: number): void {
    if (isNone) this.wasLate(member);
    else if (afterMs < this.#hedgeAfterMs) this.#late.delete(member);
  }
}
