import type { SimulatedProcess } from '../world/simulated-process.js';
import type { Trace } from '../world/trace.js';

/** The time that a network lives in: a simulation's, or the real one. */
export interface NetworkTime {
  readonly nowMs: number;
  readonly trace: Trace;
  after(
    delayMs: number,
    of: { readonly process?: SimulatedProcess | undefined; readonly label: number },
    callback: () => void,
  ): () => void;
  /** As `after`, of what nobody will call off. */
  post(
    delayMs: number,
    of: { readonly process?: SimulatedProcess | undefined; readonly label: number },
    callback: () => void,
  ): void;
}
