/** Work that may be under way at a time: more is waited for, the oldest first. */
export interface Pipeline {
  /** Resolves once there is room for more. */
  add(work: Promise<unknown> | undefined): Promise<void> | undefined;
  /** Resolves once all is done. */
  drained(): Promise<void>;
}

/** Without one, a system that writes in the background would stand still while its caller prepares the next group. */
export function createPipeline(depth: number): Pipeline {
  const underWay: Promise<unknown>[] = [];
  const oldestDone = async (): Promise<void> => {
    await underWay.shift();
  };
  return {
    add(work) {
      if (work === undefined) return undefined;
      // Looked at here, so that one that fails while it waits in line does not end the process without a word.
      work.catch(() => undefined);
      underWay.push(work);
      return underWay.length >= depth ? oldestDone() : undefined;
    },
    async drained() {
      while (underWay.length > 0) await oldestDone();
    },
  };
}
