import type { NetworkTime } from '../network/network-time.js';
import { Trace } from '../world/trace.js';

// Taken before any simulation sets its traps: a cluster that is being stopped may still have packets on their way.
const { setTimeout, setImmediate, clearTimeout, clearImmediate, performance } = globalThis;
const nowMs = performance.now.bind(performance);

/** The network's time is everybody's: packets travel in the event loop. */
export function realTime(): NetworkTime {
  const after: NetworkTime['after'] = (delayMs, { process }, callback) => {
    const act = (): void => {
      if (process?.isAlive !== false) callback();
    };
    if (delayMs < 1) {
      const immediate = setImmediate(act);
      return () => clearImmediate(immediate);
    }
    const timer = setTimeout(act, delayMs);
    return () => clearTimeout(timer);
  };
  return {
    get nowMs() {
      return nowMs();
    },
    trace: new Trace({ readable: false }),
    after,
    post: after,
  };
}
