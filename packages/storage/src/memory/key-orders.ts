import { KeyOrder } from './key-order.js';
import type { KeyObserver } from './key-observers.js';
import type { SegmentedMemory } from './segmented-memory.js';
import { keyHashWord } from './record-words.js';
import { wordOf } from './segment.js';

/** The orders of keys that somebody asked for: of everything, or of single partitions. */
export class KeyOrders implements KeyObserver {
  readonly #memory: SegmentedMemory;
  #whole: KeyOrder | undefined;
  readonly #partitions = new Map<number, KeyOrder>();
  readonly #shift: number;

  constructor(memory: SegmentedMemory) {
    this.#memory = memory;
    this.#shift = Math.clz32(memory.partitions) + 1;
  }

  get bytes(): number {
    let bytes = this.#whole?.bytes ?? 0;
    for (const order of this.#partitions.values()) bytes += order.bytes;
    return bytes;
  }

  whole(): KeyOrder {
    this.#observe();
    return (this.#whole ??= new KeyOrder(this.#memory, { first: 0, last: 0xffff_ffff }));
  }

  ofPartition(partition: number): KeyOrder {
    this.#observe();
    let order = this.#partitions.get(partition);
    if (order === undefined) {
      const hashes = 0x1_0000_0000 / this.#memory.partitions;
      order = new KeyOrder(this.#memory, { first: partition * hashes, last: (partition + 1) * hashes - 1 });
      this.#partitions.set(partition, order);
    }
    return order;
  }

  changed(previous: number, next: number): void {
    if (previous !== 0 && next !== 0) return;
    if (this.#whole !== undefined) {
      this.#whole.changed(previous, next);
      if (this.#whole.forsaken) this.#whole = undefined;
    }
    if (this.#partitions.size > 0) this.#changedInPartition(previous, next);
    if (this.#whole === undefined && this.#partitions.size === 0) this.#memory.observers.remove(this);
  }

  #changedInPartition(previous: number, next: number): void {
    const location = next === 0 ? previous : next;
    const hash = this.#memory.wordsAt(location)[wordOf(location) + keyHashWord]!;
    const partition = this.#shift === 32 ? 0 : hash >>> this.#shift;
    const order = this.#partitions.get(partition);
    if (order === undefined) return;
    order.changed(previous, next);
    if (order.forsaken) this.#partitions.delete(partition);
  }

  #observe(): void {
    if (this.#whole === undefined && this.#partitions.size === 0) this.#memory.observers.add(this);
  }
}
