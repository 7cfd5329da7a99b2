/** Work under way: at most so much at a time, and one at a time of each name, in the order in which it came. */
export interface InFlight {
  /** Resolves once the work has begun: wait for it before bringing more. The work must not reject. */
  start(name: string, work: () => Promise<void>): Promise<void>;
  /** Resolves once all work is done. */
  drained(): Promise<void>;
}

export function createInFlight({ max }: { readonly max: number }): InFlight {
  const underWay = new Map<string, Promise<void>>();
  let wake: (() => void) | undefined;

  async function whileTrue(condition: () => boolean): Promise<void> {
    while (condition()) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }

  return {
    async start(name, work) {
      // Two lines with one key: the later one has to win, so it waits for the earlier.
      await whileTrue(() => underWay.size >= max || underWay.has(name));
      const done = work().finally(() => {
        underWay.delete(name);
        wake?.();
      });
      underWay.set(name, done);
    },
    drained: () => whileTrue(() => underWay.size > 0),
  };
}
