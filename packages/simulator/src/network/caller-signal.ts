/**
 * Whether the caller still waits, as a server sees it: as much of an AbortSignal as servers use. Every call has one, and a
 * real one costs more than all else that the simulated network does for a call.
 */
export class CallerSignal {
  aborted = false;
  reason: unknown = undefined;
  #listeners: Set<() => void> | undefined;

  addEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners ??= new Set();
    this.#listeners.add(listener);
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners?.delete(listener);
  }

  abort(reason: string): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = new Error(reason);
    const listeners = this.#listeners;
    this.#listeners = undefined;
    for (const listener of listeners ?? []) listener();
  }

  /** As the ports of servers have it. */
  asAbortSignal(): AbortSignal {
    return this as unknown as AbortSignal;
  }
}
