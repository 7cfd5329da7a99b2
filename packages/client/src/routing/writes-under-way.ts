/**
 * Where a key goes that is written again and again. Two coordinators that write one key at the same time find each other's
 * `newer` and stamp again, and reads beside them find replicas that differ; one coordinator sends all of it in order. So a
 * key with several writes under way keeps to one node, until none is.
 *
 * Keys are told apart by some bits of their hashes: one that is taken for another is sent where it need not go.
 */
import { writeSlots, writesToKeepTo } from '../limits.js';

/** No member's place. */
const anywhere = 0xffff;

export class WritesUnderWay {
  readonly #counts = new Uint32Array(writeSlots);
  readonly #places = new Uint16Array(writeSlots).fill(anywhere);

  /** The place of the member that a key keeps to; undefined: it may go anywhere. */
  placeOf(slot: number): number | undefined {
    const place = this.#places[slot]!;
    return place === anywhere ? undefined : place;
  }

  begin(slot: number, place: number): void {
    const count = this.#counts[slot]! + 1;
    this.#counts[slot] = count;
    if (count === writesToKeepTo) this.#places[slot] = place;
  }

  end(slot: number): void {
    const count = this.#counts[slot]! - 1;
    this.#counts[slot] = count;
    if (count === 0) this.#places[slot] = anywhere;
  }
}

/** The low bits of a key's hash: the high ones name the partition. */
export function slotOf(hash: number): number {
  return hash & (writeSlots - 1);
}
