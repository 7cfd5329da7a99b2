/**
 * Virtual time and everything that happens in it, one event after the other.
 *
 * The promise: the same seed gives the same run, to the last byte. It holds because every cause of an event is in here:
 * time moves only from event to event, an event runs to the end of all its promise reactions before the next begins, and
 * what is random is drawn from seeded generators. Code under test that touches the real world breaks that promise, hence
 * the traps (traps.adapter.ts), and the check by a second run.
 */
import { EventQueue, type ScheduledEvent } from './event-queue.js';
import type { SimulatedProcess } from './simulated-process.js';
import { Trace } from './trace.js';
import { onUnhandledRejection, runSteps } from './turns.adapter.js';
import { setTraps } from './traps.adapter.js';

/** Kinds of events, for the trace's hash. */
export const labels = { timer: 1, turn: 2, packet: 3, disk: 4, fault: 5, client: 6, world: 7 } as const;

export interface WorldOptions {
  /** Keep the trace as text too. */
  readonly readable?: boolean | undefined;
  /** More events than this are a loop without end. */
  readonly eventsMax?: number | undefined;
}

/** Something that must not happen in any run, whatever the guarantees say. */
export interface Defect {
  readonly kind: 'trap' | 'exception' | 'unhandled-rejection';
  readonly message: string;
  readonly atMs: number;
}

export interface EventOf {
  readonly process?: SimulatedProcess | undefined;
  readonly label: number;
}

const eventsMaxDefault = 20_000_000;

export class World {
  readonly trace: Trace;
  readonly defects: Defect[] = [];
  readonly #queue = new EventQueue();
  readonly #eventsMax: number;
  #nowMs = 0;
  #order = 0;
  #events = 0;

  constructor({ readable = false, eventsMax = eventsMaxDefault }: WorldOptions = {}) {
    this.trace = new Trace({ readable });
    this.#eventsMax = eventsMax;
  }

  /** Virtual milliseconds since the beginning. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** How many events have happened. */
  get events(): number {
    return this.#events;
  }

  /** Returns what cancels it. */
  after(delayMs: number, of: EventOf, callback: () => void): () => void {
    const event = this.post(delayMs, of, callback);
    return () => {
      event.callback = undefined;
    };
  }

  /** As `after`, of what nobody will call off. */
  post(delayMs: number, { process, label }: EventOf, callback: () => void): ScheduledEvent {
    const event: ScheduledEvent = {
      atMs: this.#nowMs + Math.max(0, delayMs),
      order: (this.#order += 1),
      process,
      label,
      callback,
    };
    this.#queue.push(event);
    return event;
  }

  at(atMs: number, of: EventOf, callback: () => void): () => void {
    return this.after(atMs - this.#nowMs, of, callback);
  }

  /** Resolves after so much virtual time; for what drives a simulation. */
  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(delayMs, { label: labels.world }, resolve);
    });
  }

  /** Lets time pass until `main` is done. Rejects with what it rejects with, or when nothing is left that could happen. */
  async run<Result>(main: () => Promise<Result>): Promise<Result> {
    let state: { readonly result: Result } | { readonly error: unknown } | undefined;
    const removeTraps = setTraps((what) => this.#defect('trap', what));
    const stopListening = onUnhandledRejection((reason) =>
      this.#defect('unhandled-rejection', describe(reason)),
    );
    try {
      this.after(0, { label: labels.world }, () => {
        main().then(
          (result) => (state = { result }),
          (error: unknown) => (state = { error }),
        );
      });
      await runSteps(() => {
        if (state !== undefined) return false;
        this.#step();
        return true;
      });
    } finally {
      stopListening();
      removeTraps();
    }
    if (state === undefined) throw new Error('the simulation ended before its main program');
    if ('error' in state) throw state.error;
    return state.result;
  }

  #step(): void {
    const event = this.#next();
    if (event === undefined) throw new Error('nothing is left to happen: something waits for ever');
    this.#nowMs = Math.max(this.#nowMs, event.atMs);
    this.#events += 1;
    if (this.#events > this.#eventsMax) throw new Error(`more than ${this.#eventsMax} events`);
    this.trace.number(event.atMs);
    this.trace.word(event.label);
    const { callback } = event;
    event.callback = undefined;
    try {
      callback?.();
    } catch (error) {
      this.#defect('exception', describe(error));
    }
  }

  /** The next event that happens to somebody who can still take part in it. */
  #next(): ScheduledEvent | undefined {
    for (;;) {
      const event = this.#queue.pop();
      if (event === undefined) return undefined;
      const { process, callback } = event;
      if (callback === undefined || process?.isAlive === false) continue;
      if (process === undefined || process.pausedUntilMs <= event.atMs) return event;
      // Keeps the order of everything that waits for the same process.
      const later = {
        ...event,
        atMs: process.pausedUntilMs,
        order: (this.#order += 1),
        callback: () => event.callback?.(),
      };
      this.#queue.push(later);
    }
  }

  #defect(kind: Defect['kind'], message: string): void {
    this.defects.push({ kind, message, atMs: this.#nowMs });
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
