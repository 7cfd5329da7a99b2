import type { SimulatedProcess } from './simulated-process.js';

/** Something that will happen at a moment of virtual time. */
export interface ScheduledEvent {
  readonly atMs: number;
  /** Among events of one moment the one scheduled first comes first. */
  readonly order: number;
  /** Whose it is: nothing happens in a process that ended, and later in one that is paused. */
  readonly process: SimulatedProcess | undefined;
  /** What kind of thing, for the trace's hash. */
  readonly label: number;
  /** Undefined once it was cancelled. */
  callback: (() => void) | undefined;
}

/** A binary heap by time, then order. */
export class EventQueue {
  readonly #heap: ScheduledEvent[] = [];

  get size(): number {
    return this.#heap.length;
  }

  push(event: ScheduledEvent): void {
    const heap = this.#heap;
    let index = heap.length;
    heap.push(event);
    while (index > 0) {
      const parent = (index - 1) >>> 1;
      const above = heap[parent]!;
      if (!isBefore(event, above)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = event;
  }

  pop(): ScheduledEvent | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1;
      const below = heap[child]!;
      if (!isBefore(below, last)) break;
      heap[index] = below;
      index = child;
    }
    heap[index] = last;
    return first;
  }
}

function isBefore(a: ScheduledEvent, b: ScheduledEvent): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
