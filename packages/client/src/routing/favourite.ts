/**
 * The member that operations go to now, as far as it owns their keys. A message costs a node and a client as much as dozens
 * of operations, so those of one turn of the event loop belong into one message, to one node, and not into as many as there
 * are nodes. It changes
 *
 * - between turns, once it was given `favouriteOperations`, so that work spreads; of few at a time it is given more, since these
 *   would find each node cold;
 * - as soon as it has more than its fair share of what is under way, so that a burst spreads within its turn, and a member
 *   that is slow gathers no more than its part.
 */
import { favouriteOperations, groupOperations, quietFavouriteOperations } from '../limits.js';
import type { Timers } from '../ports.js';

export interface FavouriteOptions {
  readonly members: number;
  /** Where it begins. */
  readonly place: number;
  /** Operations waiting for a member and under way to it; infinite while it does not answer. */
  readonly loadOf: (place: number) => number;
}

export class Favourite {
  readonly #options: FavouriteOptions;
  readonly #timers: Timers;
  #place: number;
  /** Since it became the favourite. */
  #given = 0;
  /** Before the last operation of the turn was issued. */
  #underWay = 0;
  #isTurn = false;

  constructor(options: FavouriteOptions, timers: Timers) {
    this.#options = options;
    this.#timers = timers;
    this.#place = options.place;
  }

  get place(): number {
    return this.#place;
  }

  /** For an operation that is issued now. @param underWay operations under way, to all members */
  next(underWay: number): number {
    const { members, loadOf } = this.#options;
    const share = shareOf(underWay, members);
    // Wider within a turn than between turns: else the end of a turn would go to others in messages of its own.
    const loadMax = this.#isTurn ? share + favouriteOperations : Math.max(share, favouriteOperations);
    if (loadOf(this.#place) > loadMax) this.#moveOn(share);
    this.#beginTurn();
    this.#given += 1;
    this.#underWay = underWay;
    return this.#place;
  }

  #beginTurn(): void {
    if (this.#isTurn) return;
    this.#isTurn = true;
    this.#timers.nextTurn(this.#endTurn);
  }

  readonly #endTurn = (): void => {
    this.#isTurn = false;
    const isQuiet = this.#underWay < favouriteOperations;
    const enough = isQuiet ? quietFavouriteOperations : favouriteOperations;
    if (this.#given >= enough) this.#favour(this.#after(this.#place));
  };

  /** To the next one that has room, or at least answers. */
  #moveOn(share: number): void {
    const { members, loadOf } = this.#options;
    let least = this.#place;
    let place = this.#place;
    for (let passed = 1; passed < members; passed += 1) {
      place = this.#after(place);
      const load = loadOf(place);
      if (load < loadOf(least)) least = place;
      if (load <= share) break;
    }
    if (least !== this.#place) this.#favour(least);
  }

  #favour(place: number): void {
    this.#place = place;
    this.#given = 0;
  }

  #after(place: number): number {
    return (place + 1) % this.#options.members;
  }
}

/**
 * How much of what is under way one member should have. In larger messages an operation costs less, up to about
 * `groupOperations`; so no more members share than can have that many, but two, since a client that works on answers leaves
 * the processors of nodes to others.
 */
export function shareOf(underWay: number, members: number): number {
  return underWay / Math.min(members, Math.max(2, Math.floor(underWay / groupOperations)));
}
