import type { OperationScope } from './operation-scope.js';

/**
 * Bounds how many requests are under way at once; the others wait in line, each within its own deadline. Ten thousand
 * puts at once would otherwise spend their stamp windows in the queues of sockets and event loops, and all fail.
 */
export interface RequestSlots {
  /** Resolves to what gives the slot back. Rejects as soon as the scope ends. */
  acquire(scope: OperationScope): Promise<() => void>;
}

export function createRequestSlots(count: number): RequestSlots {
  let free = count;
  const waiting = new Set<() => void>();

  function release(): void {
    const [next] = waiting;
    if (next === undefined) {
      free += 1;
      return;
    }
    // Handed over, not put back: a newcomer must not overtake those in line.
    waiting.delete(next);
    next();
  }

  return {
    async acquire(scope) {
      if (free > 0) {
        free -= 1;
        return release;
      }
      let enter: () => void = release;
      const turn = new Promise<void>((resolve) => {
        enter = resolve;
        waiting.add(resolve);
      });
      try {
        await scope.race(turn);
      } catch (error) {
        // Its turn may have come just when it was given up.
        if (!waiting.delete(enter)) release();
        throw error;
      }
      return release;
    },
  };
}
