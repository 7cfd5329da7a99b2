import { timestampOf, type Timestamp, type Version } from '@kv/hlc';

import type { Operation, ReadOperation, WriteOperation } from './history.js';
import { runRead } from './run-read.js';
import { runWrite, type WriteOutcome } from './run-write.js';
import type { World } from './simulate.js';

/** Longer than the clocks' skew in these histories, so that sound coordinators may stamp. */
const stampWindowMs = 250;
const timeoutMs = 60;

/** One application: one operation after the other, and the ceilings of rule 11. */
export class Client {
  readonly #world: World;
  readonly #number: number;
  /** Per key the largest ceiling among attempts of unknown outcome. */
  readonly #ceilings = new Map<string, Timestamp>();
  #written = 0;

  constructor(world: World, number: number) {
    this.#world = world;
    this.#number = number;
  }

  work(operations: number): void {
    if (operations === 0) return;
    const { queue, random } = this.#world;
    queue.after(random.float() * 25, () => {
      const key = random.pick(this.#world.keys);
      const next = (): void => this.work(operations - 1);
      if (this.#world.chance(0.5)) this.#read(key, next);
      else this.#write(key, next);
    });
  }

  readOnce(key: string): void {
    this.#read(key, () => undefined);
  }

  #read(key: string, then: () => void): void {
    const world = this.#world;
    const operation: ReadOperation = {
      ...this.#begin(key),
      kind: 'read',
      ok: false,
      version: undefined,
      value: undefined,
    };
    world.operations.push(operation);
    const done = this.#once(operation, then);
    runRead(world, key, { coordinator: this.#coordinator(), timeoutMs }, (result) => {
      done(() => {
        world.tally.reads += 1;
        operation.ok = true;
        operation.version = result.version;
        operation.value = result.value;
      });
    });
    world.queue.after(timeoutMs, () => done(() => undefined));
  }

  #write(key: string, then: () => void): void {
    const world = this.#world;
    this.#written += 1;
    const isDelete = world.chance(0.2);
    const operation: WriteOperation = {
      ...this.#begin(key),
      kind: 'write',
      value: isDelete ? undefined : `${this.#number}.${this.#written}`,
      ttlMs: !isDelete && world.chance(world.expiringShare) ? 5 + world.random.float() * 200 : 0,
      stamps: [],
      disowned: [],
      outcome: 'not-applied',
      version: undefined,
      previous: { kind: 'not-asked' },
    };
    world.operations.push(operation);
    const id = Uint8Array.from({ length: 16 }, (_, index) =>
      index === 0 ? this.#number : index === 8 ? this.#written : 0,
    );
    this.#attempt(operation, id, 1, this.#once(operation, then));
  }

  /** One attempt; an unknown one may be repeated, always after it was given up (rule 11). */
  #attempt(operation: WriteOperation, operationId: Uint8Array, attempt: number, done: Done): void {
    const world = this.#world;
    const { key } = operation;
    const ceiling = timestampOf(1_780_000_000_000 + world.queue.nowMs + stampWindowMs);
    const stamps: Version[] = [];
    let settled = false;
    const settle = (outcome: WriteOutcome): void => {
      if (settled) return;
      settled = true;
      if (outcome.kind === 'unknown') {
        const known = this.#ceilings.get(key);
        this.#ceilings.set(key, known === undefined || ceiling > known ? ceiling : known);
        operation.outcome = 'unknown';
        if (attempt < 3 && world.chance(0.5)) {
          world.queue.after(world.random.float() * 10, () =>
            this.#attempt(operation, operationId, attempt + 1, done),
          );
          return;
        }
      } else if (outcome.kind === 'ok') {
        operation.outcome = 'ok';
        operation.version = outcome.version;
        operation.previous = outcome.previous;
        this.#ceilings.delete(key);
      } else {
        operation.disowned.push(...stamps);
        operation.stamps = operation.stamps.filter((stamp) => !stamps.includes(stamp));
      }
      done(() => undefined);
    };
    const giveUp = runWrite(
      world,
      {
        operation,
        stamps,
        operationId,
        stampAbove: this.#ceilings.get(key),
        stampNotAfter: ceiling,
        wantPrevious: world.chance(0.7),
      },
      { coordinator: this.#coordinator(), timeoutMs },
      settle,
    );
    // The client's own timer; the coordinator may or may not learn that nobody waits.
    const patienceMs = world.chance(0.2) ? world.random.float() * 30 : timeoutMs + 5;
    const tellsCoordinator = world.chance(0.5);
    world.queue.after(patienceMs, () => {
      if (settled) return;
      if (tellsCoordinator) giveUp();
      settle({ kind: 'unknown' });
    });
  }

  #coordinator() {
    const up = this.#world.coordinators.filter((node) => node.up);
    return this.#world.random.pick(up);
  }

  #begin(key: string) {
    return { client: this.#number, key, beganMs: this.#world.queue.nowMs, endedMs: Infinity };
  }

  #once(operation: Operation, then: () => void): Done {
    let isDone = false;
    return (apply) => {
      if (isDone) return;
      isDone = true;
      apply();
      operation.endedMs = this.#world.queue.nowMs;
      if (operation.kind === 'write') this.#count(operation);
      then();
    };
  }

  #count({ outcome, previous }: WriteOperation): void {
    const { tally } = this.#world;
    if (outcome === 'ok') tally.acknowledged += 1;
    else if (outcome === 'unknown') tally.unknown += 1;
    else tally.notApplied += 1;
    if (previous.kind === 'value') tally.previousValues += 1;
  }
}

type Done = (apply: () => void) => void;
