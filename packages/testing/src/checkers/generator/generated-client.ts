import type { Level, ReadAnswer, Version } from '../history.js';
import {
  type Attempt,
  type AttemptResult,
  chance,
  coordinate,
  type Intent,
  pause,
  storeWithTicket,
  type Task,
  type World,
} from './generated-coordinator.js';
import { ticksPerMs } from './generated-store.js';

export interface ClientOptions {
  readonly number: number;
  readonly operations: number;
  readonly keys: readonly string[];
  /** Of writes, by key: how each key is written. */
  readonly levelsOf: (key: string) => readonly Level[];
  readonly expiringShare: number;
}

/** Longer than the clocks' skew. */
const stampWindowMs = 80;

const scanShare = 0.1;

const readLevels: readonly Level[] = ['quorum', 'quorum', 'all', 'linearizable', 'one'];

/** One application: one operation after the other, and for each key what rule 11 makes a client remember. */
export class GeneratedClient {
  readonly #world: World;
  readonly #options: ClientOptions;
  /** The largest stamp that an attempt of unknown outcome may still get. */
  readonly #ceilings = new Map<string, number>();
  #written = 0;

  constructor(world: World, options: ClientOptions) {
    this.#world = world;
    this.#options = options;
  }

  *work(): Task {
    const { random } = this.#world;
    const { keys, operations } = this.#options;
    for (let left = operations; left > 0; left -= 1) {
      const key = random.pick(keys);
      if (chance(random, scanShare)) yield* this.#scan();
      else yield* chance(random, 0.5) ? this.#read(key) : this.#write(key);
      yield* pause(random);
    }
  }

  /** Each key at a moment of its own, in any order. */
  *#scan(): Task {
    const { store, random, recorder, lostShare } = this.#world;
    const level = random.pick(['quorum', 'all', 'one'] as const);
    const scan = recorder.scan({ client: this.#options.number, level });
    const isCut = chance(random, lostShare);
    const { keys } = this.#options;
    for (const key of chance(random, 0.5) ? keys : [...keys].reverse()) {
      yield* pause(random);
      if (isCut && chance(random, 0.5)) break;
      const answer = level === 'one' ? store.readOne(key) : store.read(key);
      if (answer.kind === 'value') scan.entry({ key, value: answer.value, version: answer.version });
    }
    yield* pause(random);
    scan.ended({ complete: !isCut });
  }

  *#read(key: string): Task {
    const { store, random, recorder, lostShare } = this.#world;
    const level = random.pick(readLevels);
    const read = recorder.read({ client: this.#options.number, key, level });
    yield* pause(random);
    const answer = level === 'one' ? store.readOne(key) : store.read(key);
    yield* pause(random);
    read.ended(chance(random, lostShare) ? undefined : this.#told(answer));
  }

  /** Some interfaces do not tell why nothing was found. */
  #told(answer: ReadAnswer): ReadAnswer {
    return answer.kind !== 'value' && chance(this.#world.random, 0.1) ? { kind: 'untold' } : answer;
  }

  *#write(key: string): Task {
    const { random, recorder } = this.#world;
    const { number, expiringShare, levelsOf } = this.#options;
    const level = random.pick(levelsOf(key));
    const value = chance(random, 0.2) ? undefined : `${number}.${(this.#written += 1)}`;
    const ttlMs = value !== undefined && chance(random, expiringShare) ? 1 + random.float() * 40 : 0;
    const write = recorder.write({ client: number, key, level, value, ttlMs });
    const result = yield* this.#attempts({ write, key, level, value, ttlMs });
    if (result === undefined) return;
    write.ended(
      result.kind === 'ok'
        ? { outcome: 'ok', version: result.version, previous: result.previous }
        : { outcome: result.kind },
    );
  }

  /** Undefined: the client died with the operation, as far as anybody can tell. */
  *#attempts(intent: Intent): Generator<undefined, AttemptResult | undefined> {
    const { random } = this.#world;
    const { key, level } = intent;
    let wasUnknown = false;
    let ticket: Version | undefined;
    for (let tries = 1 + random.below(3); ; tries -= 1) {
      const attempt: Attempt = { intent, stamps: [], result: undefined, ...this.#bounds(key) };
      let result: AttemptResult;
      if (level === 'linearizable') {
        yield* pause(random);
        const isFirst = ticket === undefined;
        ticket ??= this.#ticket(attempt);
        result =
          ticket === undefined ? { kind: 'not-applied' } : yield* this.#store(attempt, ticket, isFirst);
      } else {
        result = yield* this.#wait(attempt, coordinate(this.#world, attempt));
      }
      if (result.kind === 'ok') {
        // A write at ONE proves nothing about what is still under way.
        if (level !== 'one') this.#ceilings.delete(key);
        return result;
      }
      if (result.kind === 'not-applied') intent.write.disown(attempt.stamps);
      else {
        wasUnknown = true;
        const ceiling = ticket?.timestamp ?? attempt.notAfter;
        this.#ceilings.set(key, Math.max(ceiling, this.#ceilings.get(key) ?? 0));
      }
      if (tries > 1) continue;
      if (wasUnknown && chance(random, 0.05)) return undefined;
      return { kind: wasUnknown ? 'unknown' : 'not-applied' };
    }
  }

  #bounds(key: string): { above: number; notAfter: number } {
    const notAfter = Math.ceil((1_000 + this.#world.store.nowMs + stampWindowMs) * ticksPerMs);
    return { above: this.#ceilings.get(key) ?? 0, notAfter };
  }

  /** Stamped above everything that a quorum knows. */
  #ticket({ intent: { key }, above, notAfter }: Attempt): Version | undefined {
    const { store } = this.#world;
    const known = store.newest.get(key)?.version.timestamp ?? 0;
    return store.stamp({ above: Math.max(above, known), notAfter });
  }

  #store(attempt: Attempt, ticket: Version, isFirst: boolean): Generator<undefined, AttemptResult> {
    return this.#wait(attempt, storeWithTicket(this.#world, attempt, ticket, isFirst));
  }

  /** Until the answer comes, or patience ends: then the attempt may go on by itself. */
  *#wait(attempt: Attempt, task: Task): Generator<undefined, AttemptResult> {
    const { random, start } = this.#world;
    start(task);
    for (let patience = 6 + random.below(20); patience > 0; patience -= 1) {
      if (attempt.result !== undefined) return attempt.result;
      yield;
    }
    return { kind: 'unknown' };
  }
}
