import type { PlannedOperation } from '../plan/plan.js';

/** Whom a rally calls, and for what. */
export interface RallyCall {
  /** Operations of this kind only. */
  readonly only?: 'get' | 'put' | undefined;
  /** Only clients that ask this node, by index, and those that may ask any. */
  readonly node?: number | undefined;
  /** Between two operations of a strand, at most; default 4 ms. Operations are as many as the plan has, so haste ends soon. */
  readonly paceMs?: number | undefined;
}

/** A client's operations that follow each other. */
export interface Strand {
  /** Index of the only node that its client asks; undefined = any. */
  readonly node: number | undefined;
  sleep(delayMs: number): Promise<void>;
}

const paceMsDefault = 4;

/**
 * Moments at which clients work all at once. A fault that lasts a tenth of a second finds most of them between two bursts; so
 * it may call them.
 */
export class Rallies {
  readonly #time: { readonly nowMs: number };
  readonly #sleeping = new Map<Strand, () => void>();
  #endMs = 0;
  #call: RallyCall = {};

  constructor(time: { readonly nowMs: number }) {
    this.#time = time;
  }

  call(forMs: number, call: RallyCall = {}): void {
    this.#endMs = this.#time.nowMs + forMs;
    this.#call = call;
    for (const [strand, wake] of [...this.#sleeping]) if (this.#calls(strand)) wake();
  }

  /** A strand's pause before its next operation: as long as it likes, unless it is called. */
  pause(strand: Strand, thinkMs: number): Promise<void> {
    // By the client's own timer: one that is paused does not come.
    const hurried = (): Promise<void> => strand.sleep(thinkMs % (this.#call.paceMs ?? paceMsDefault));
    if (this.#calls(strand)) return hurried();
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#sleeping.delete(strand);
        void hurried().then(resolve);
      };
      this.#sleeping.set(strand, wake);
      void strand.sleep(thinkMs).then(() => {
        // Woken before, it may be in a later pause already.
        if (this.#sleeping.get(strand) !== wake) return;
        this.#sleeping.delete(strand);
        resolve();
      });
    });
  }

  /** The strand's next operation, as the rally of now wants it. */
  shaped(strand: Strand, operation: PlannedOperation): PlannedOperation {
    const { only } = this.#call;
    return only === undefined || !this.#calls(strand) ? operation : { ...operation, kind: only };
  }

  #calls({ node }: Strand): boolean {
    if (this.#time.nowMs >= this.#endMs) return false;
    return this.#call.node === undefined || node === undefined || node === this.#call.node;
  }
}
