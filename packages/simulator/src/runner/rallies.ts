import type { PlannedOperation } from '../plan/plan.js';

export interface Sleeper {
  sleep(delayMs: number): Promise<void>;
}

/** Between two operations of a strand that hurries, at most. */
const hurriedMsMax = 4;

/**
 * Moments at which all clients work at once. A fault that lasts a tenth of a second finds most of them between two bursts;
 * so it may call them.
 */
export class Rallies {
  readonly #time: { readonly nowMs: number };
  readonly #sleeping = new Set<() => void>();
  #endMs = 0;
  #only: 'get' | 'put' | undefined;

  constructor(time: { readonly nowMs: number }) {
    this.#time = time;
  }

  call(forMs: number, only?: 'get' | 'put'): void {
    this.#endMs = this.#time.nowMs + forMs;
    this.#only = only;
    for (const wake of [...this.#sleeping]) wake();
  }

  /** A strand's pause before its next operation: as long as it likes, unless it is called. */
  pause(client: Sleeper, thinkMs: number): Promise<void> {
    // By the client's own timer: one that is paused does not come.
    const hurried = (): Promise<void> => client.sleep(thinkMs % hurriedMsMax);
    if (this.#isOn) return hurried();
    return new Promise((resolve) => {
      const wake = (): void => {
        if (this.#sleeping.delete(wake)) void hurried().then(resolve);
      };
      this.#sleeping.add(wake);
      void client.sleep(thinkMs).then(() => {
        if (this.#sleeping.delete(wake)) resolve();
      });
    });
  }

  /** The strand's next operation, as the rally of now wants it. */
  shaped(operation: PlannedOperation): PlannedOperation {
    const only = this.#isOn ? this.#only : undefined;
    return only === undefined ? operation : { ...operation, kind: only };
  }

  get #isOn(): boolean {
    return this.#time.nowMs < this.#endMs;
  }
}
