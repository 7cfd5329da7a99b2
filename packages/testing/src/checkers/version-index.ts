import type { Version } from './history.js';

const { imul } = Math;
const Timestamps = Float64Array;
const Integers = Int32Array;

/**
 * Which write a version belongs to, by open addressing in plain arrays: with a million versions a Map of doubles costs
 * several times as much. Writes are named by small integers, nobody is -1.
 */
export class VersionIndex {
  readonly #mask: number;
  readonly #timestamps: Float64Array;
  readonly #nodes: Float64Array;
  readonly #writes: Int32Array;

  constructor(versionsMax: number) {
    let slots = 8;
    while (slots < versionsMax * 2) slots *= 2;
    this.#mask = slots - 1;
    this.#timestamps = new Timestamps(slots);
    this.#nodes = new Timestamps(slots);
    this.#writes = new Integers(slots).fill(-1);
  }

  get({ timestamp, node }: Version): number {
    let slot = this.#slotOf(timestamp, node);
    while (this.#writes[slot]! >= 0) {
      if (this.#timestamps[slot] === timestamp && this.#nodes[slot] === node) return this.#writes[slot]!;
      slot = (slot + 1) & this.#mask;
    }
    return -1;
  }

  /** The first write of a version stays its write; returns whose version it is. */
  add({ timestamp, node }: Version, write: number): number {
    let slot = this.#slotOf(timestamp, node);
    while (this.#writes[slot]! >= 0) {
      if (this.#timestamps[slot] === timestamp && this.#nodes[slot] === node) return this.#writes[slot]!;
      slot = (slot + 1) & this.#mask;
    }
    this.#timestamps[slot] = timestamp;
    this.#nodes[slot] = node;
    this.#writes[slot] = write;
    return write;
  }

  /** Timestamps may be milliseconds in their upper bits and zeros below: every bit has to reach every bit (MurmurHash3). */
  #slotOf(timestamp: number, node: number): number {
    let mixed =
      (timestamp | 0) ^ imul((timestamp / 0x1_0000_0000) | 0, 0x27d4_eb2f) ^ imul(node | 0, 0x9e37_79b1);
    mixed = imul(mixed ^ (mixed >>> 16), 0x85eb_ca6b);
    mixed = imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35);
    return (mixed ^ (mixed >>> 16)) & this.#mask;
  }
}
