/**
 * Where the writes of a key go that is written again and again. Two coordinators that write one key at a time find each
 * other's `newer` and stamp again, and reads beside them find replicas that differ; one coordinator sends all of it in
 * order. So a key of which several writes are under way keeps to the node of the last one.
 *
 * Keys are told apart by some bits of their hashes: one that is taken for another is sent where it need not go.
 */
import { writeSlots, writesToKeepTo } from '../limits.js';

export class WritesUnderWay {
  readonly #counts = new Uint32Array(writeSlots);
  readonly #places = new Uint16Array(writeSlots);

  /** The place of the member to keep to; undefined: any will do. */
  placeOf(slot: number): number | undefined {
    return this.#counts[slot]! >= writesToKeepTo ? this.#places[slot] : undefined;
  }

  begin(slot: number, place: number): void {
    this.#counts[slot]! += 1;
    this.#places[slot] = place;
  }

  end(slot: number): void {
    this.#counts[slot]! -= 1;
  }
}

/** The low bits of a key's hash: the high ones name the partition. */
export function slotOf(hash: number): number {
  return hash & (writeSlots - 1);
}
