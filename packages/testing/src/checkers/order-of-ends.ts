import type { Operation } from './history.js';

/**
 * Operations that ended, in the order in which they did, given all in the order in which they began. A heap holds those
 * that run: few at any time, so that this costs far less than sorting.
 */
export function inOrderOfEnd(began: readonly Operation[]): Operation[] {
  const ended: Operation[] = [];
  const running: Operation[] = [];
  for (const operation of began) {
    while (running.length > 0 && running[0]!.endedMs < operation.beganMs) ended.push(takeFirst(running));
    if (operation.endedMs !== Infinity) insert(running, operation);
  }
  while (running.length > 0) ended.push(takeFirst(running));
  return ended;
}

function insert(heap: Operation[], operation: Operation): void {
  let index = heap.push(operation) - 1;
  while (index > 0) {
    const parent = (index - 1) >>> 1;
    if (heap[parent]!.endedMs <= operation.endedMs) break;
    heap[index] = heap[parent]!;
    index = parent;
  }
  heap[index] = operation;
}

function takeFirst(heap: Operation[]): Operation {
  const first = heap[0]!;
  const last = heap.pop()!;
  if (heap.length === 0) return first;
  let index = 0;
  for (;;) {
    let child = index * 2 + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && heap[child + 1]!.endedMs < heap[child]!.endedMs) child += 1;
    if (last.endedMs <= heap[child]!.endedMs) break;
    heap[index] = heap[child]!;
    index = child;
  }
  heap[index] = last;
  return first;
}
