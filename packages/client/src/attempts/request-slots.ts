import type { OperationScope } from './operation-scope.js';

/** How a request ended, as far as its pace goes: `late` if it reached the node after its stamp window. */
export type RequestPace = 'in-time' | 'late';

export interface RequestSlot {
  release(pace: RequestPace): void;
}

/**
 * Bounds how many requests are under way at once; the others wait in line, each within its own deadline. Ten thousand
 * puts at once would otherwise spend their stamp windows in the queues of sockets and event loops, and all fail.
 *
 * How many are right depends on the machines, and on other clients of theirs. So the bound follows what comes back, as
 * TCP's congestion window does: half of it after a request that came late, one more for every round that came in time.
 */
export interface RequestSlots {
  /** Rejects as soon as the scope ends. */
  acquire(scope: OperationScope): Promise<RequestSlot>;
}

export function createRequestSlots(most: number): RequestSlots {
  let bound = most;
  let used = 0;
  let narrowings = 0;
  const waiting = new Set<() => void>();

  function isFree(): boolean {
    return used < Math.floor(bound);
  }

  function enter(): RequestSlot {
    used += 1;
    const narrowingsBefore = narrowings;
    return {
      release(pace) {
        used -= 1;
        if (pace === 'in-time') bound = Math.min(most, bound + 1 / bound);
        // Those that were under way together come late together: one reason, one narrowing.
        else if (narrowingsBefore === narrowings) {
          narrowings += 1;
          bound = Math.max(1, bound / 2);
        }
        admit();
      },
    };
  }

  function admit(): void {
    for (const next of waiting) {
      if (!isFree()) return;
      waiting.delete(next);
      next();
    }
  }

  return {
    async acquire(scope) {
      if (isFree()) return enter();
      let slot: RequestSlot | undefined;
      let come: (() => void) | undefined;
      const turn = new Promise<void>((resolve) => {
        come = () => {
          slot = enter();
          resolve();
        };
        waiting.add(come);
      });
      try {
        await scope.race(turn);
      } catch (error) {
        // Its turn may have come just when it was given up.
        if (come !== undefined) waiting.delete(come);
        slot?.release('in-time');
        throw error;
      }
      return slot!;
    },
  };
}
