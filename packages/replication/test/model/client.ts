import { timestampOf, type Timestamp, type Version } from '@kv/hlc';
import type { ReadAnswer, RecordedRead, RecordedWrite } from '@kv/testing/checkers';

import { runRead, type ReadOutcome } from './run-read.js';
import { type Intent, runWrite, type WriteOutcome } from './run-write.js';
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
    const read = world.recorder.read({ client: this.#number, key, level: 'quorum' });
    const end = once((answer: Parameters<RecordedRead['ended']>[0]) => {
      if (answer !== undefined) world.tally.reads += 1;
      read.ended(answer);
      then();
    });
    runRead(world, key, { coordinator: this.#coordinator(), timeoutMs }, (result) => end(answerOf(result)));
    world.queue.after(timeoutMs, () => end(undefined));
  }

  #write(key: string, then: () => void): void {
    const world = this.#world;
    this.#written += 1;
    const isDelete = world.chance(0.2);
    const value = isDelete ? undefined : `${this.#number}.${this.#written}`;
    const ttlMs = !isDelete && world.chance(world.expiringShare) ? 5 + world.random.float() * 200 : 0;
    const start = { client: this.#number, key, level: 'quorum', value, expires: ttlMs > 0 } as const;
    const write = world.recorder.write(start);
    const id = Uint8Array.from({ length: 16 }, (_, index) =>
      index === 0 ? this.#number : index === 8 ? this.#written : 0,
    );
    const end = once((result: Parameters<RecordedWrite['ended']>[0]) => {
      this.#count(result);
      write.ended(result);
      then();
    });
    this.#attempt({ intent: { key, value, ttlMs, write }, id, number: 1, wasUnknown: false, end });
  }

  /** One attempt; an unknown one may be repeated, always after it was given up (rule 11). */
  #attempt({ intent, id, number, wasUnknown, end }: Attempt): void {
    const world = this.#world;
    const { key } = intent;
    const ceiling = timestampOf(1_780_000_000_000 + world.queue.nowMs + stampWindowMs);
    const stamps: Version[] = [];
    let isWaiting = true;
    const settle = once((outcome: WriteOutcome): void => {
      isWaiting = false;
      if (outcome.kind === 'ok') {
        this.#ceilings.delete(key);
        end({ outcome: 'ok', version: outcome.version, previous: outcome.previous });
      } else if (outcome.kind === 'not-applied') {
        intent.write.disown(stamps);
        end({ outcome: wasUnknown ? 'unknown' : 'not-applied' });
      } else {
        const known = this.#ceilings.get(key);
        this.#ceilings.set(key, known === undefined || ceiling > known ? ceiling : known);
        if (number < 3 && world.chance(0.5)) {
          const retry = { intent, id, number: number + 1, wasUnknown: true, end };
          world.queue.after(world.random.float() * 10, () => this.#attempt(retry));
        } else {
          end({ outcome: 'unknown' });
        }
      }
    });
    const giveUp = runWrite(
      world,
      {
        intent,
        stamps,
        operationId: id,
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
      if (tellsCoordinator && isWaiting) giveUp();
      settle({ kind: 'unknown' });
    });
  }

  #coordinator() {
    const up = this.#world.coordinators.filter((node) => node.up);
    return this.#world.random.pick(up);
  }

  #count({ outcome, previous }: Parameters<RecordedWrite['ended']>[0]): void {
    const { tally } = this.#world;
    if (outcome === 'ok') tally.acknowledged += 1;
    else if (outcome === 'unknown') tally.unknown += 1;
    else tally.notApplied += 1;
    if (previous?.kind === 'value') tally.previousValues += 1;
  }
}

interface Attempt {
  readonly intent: Intent;
  /** Of the operation. */
  readonly id: Uint8Array;
  readonly number: number;
  /** Of an attempt before it. */
  readonly wasUnknown: boolean;
  readonly end: (result: Parameters<RecordedWrite['ended']>[0]) => void;
}

function answerOf({ version, value }: ReadOutcome): ReadAnswer {
  if (version === undefined) return { kind: 'nothing' };
  return value === undefined ? { kind: 'hidden', version } : { kind: 'value', value, version };
}

/** Whoever comes first: the answer, or the end of patience. */
function once<Argument>(run: (argument: Argument) => void): (argument: Argument) => void {
  let isDone = false;
  return (argument) => {
    if (isDone) return;
    isDone = true;
    run(argument);
  };
}
