/**
 * Steps with all promise reactions of one run before the next begins. Node drains its microtasks between two immediates
 * of one turn, so a batch of immediates costs a fraction of a microsecond a step, where a turn each would cost several.
 *
 * Taken before the traps are set: code under test must not touch these, the simulation has to.
 */
const { setImmediate: nextImmediate, process: ownProcess } = globalThis;

const stepsPerTurn = 256;

/** Calls `step` until it returns false or throws. */
export function runSteps(step: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    let isOver = false;
    function once(): void {
      if (isOver) return;
      try {
        if (step()) return;
        isOver = true;
        resolve();
      } catch (error) {
        isOver = true;
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    }
    function turn(): void {
      if (isOver) return;
      for (let count = 0; count < stepsPerTurn; count += 1) nextImmediate(once);
      nextImmediate(turn);
    }
    turn();
  });
}

/** Tells of promises that were rejected with nobody listening, until the returned function is called. */
export function onUnhandledRejection(tell: (reason: unknown) => void): () => void {
  ownProcess.on('unhandledRejection', tell);
  return () => void ownProcess.off('unhandledRejection', tell);
}
