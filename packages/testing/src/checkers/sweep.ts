import type { Operation } from './history.js';
import type { KeyHistory } from './key-history.js';

export interface SweepVisitor {
  ended(operation: Operation): void;
  began(operation: Operation): void;
}

/**
 * Walks the operations of a key in the order in which they began; before each, every operation that ended strictly before
 * that moment is told once. So a checker keeps one running maximum instead of comparing all pairs.
 */
export function sweep({ began, ended }: KeyHistory, visitor: SweepVisitor): void {
  let next = 0;
  for (const operation of began) {
    while (next < ended.length && ended[next]!.endedMs < operation.beganMs) {
      visitor.ended(ended[next]!);
      next += 1;
    }
    visitor.began(operation);
  }
}
