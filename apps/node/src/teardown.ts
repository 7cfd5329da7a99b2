/** What has to be given back, in the opposite order of taking it: after a stop, or after a start that failed halfway. */
export interface Teardown {
  defer(step: () => Promise<void> | void): void;
  /**
   * Runs every step, also behind one that fails; the first failure is thrown at the end. A second call joins the first.
   */
  run(): Promise<void>;
}

export function createTeardown(): Teardown {
  const steps: (() => Promise<void> | void)[] = [];
  let running: Promise<void> | undefined;

  async function runAll(): Promise<void> {
    const failures: unknown[] = [];
    for (const step of steps.reverse()) {
      try {
        await step();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }

  return {
    defer: (step) => {
      steps.push(step);
    },
    run: () => (running ??= runAll()),
  };
}
