import { isKvError } from '@kv/errors';
import type { LogPosition, StorageEngine } from '../index.js';
import {
  createFaultyFileSystem,
  createMemoryFileSystem,
  createSeededRandom,
  type Fault,
  type FaultyFileSystem,
  keepAll,
  type MemoryFileSystem,
  type SeededRandom,
} from '@kv/testing';

import { choicesOf, leavesHoleInLog } from './choices.js';
import { allPartitions, openForTest, turn } from './engine-ports.js';
import { recoveredState } from './recovered-state.js';
import { throwUnlessMet } from './requirement.js';
import { watchFailures } from './watch-failures.js';
import { WriteHistory } from './write-history.js';

/**
 * `sync-linux`: what the failed sync should have saved is never saved by a later one. `names`: of a directory.
 * `full-short`: the last write takes some bytes.
 */
export type FaultKind = 'sync' | 'sync-linux' | 'names' | 'full' | 'full-short';

/** Crashes tried after each fault. */
const choicesMax = 24;
/** Turns in which a wrong acknowledgement would come. */
const turnsAfter = 12;
/** Turns in which an engine finds out that there is room again. */
const turnsToResumeMax = 2_000;

/** One workload with one fault. */
export class FaultTrial {
  states = 0;
  resumed = false;
  readonly #kind: FaultKind;
  readonly #random: SeededRandom;
  readonly #disk: MemoryFileSystem;
  readonly #faulty: FaultyFileSystem;
  readonly #fileSystem: ReturnType<typeof watchFailures>;
  readonly #history = new WriteHistory();
  readonly #background: Promise<void>[] = [];
  #engine: StorageEngine | undefined;
  #acknowledged = 0;
  /** When the fault struck, before anybody knew. */
  #acknowledgedBefore: number | undefined;

  constructor({
    kind,
    nth,
    seed,
  }: {
    readonly kind: FaultKind;
    readonly nth: number;
    readonly seed: number;
  }) {
    this.#kind = kind;
    this.#random = createSeededRandom(seed);
    this.#disk = createMemoryFileSystem({ listOperations: false });
    this.#faulty = createFaultyFileSystem(this.#disk, planOf(kind, nth));
    if (kind === 'sync-linux') failNthSync(this.#disk, nth);
    this.#fileSystem = watchFailures(this.#faulty, () => (this.#acknowledgedBefore ??= this.#count()));
  }

  /** @returns whether there was an operation to fail */
  async run(): Promise<boolean> {
    for (let opening = 0; opening < 2; opening += 1) if (await this.#openAndClose()) break;
    await Promise.all(this.#background);
    if (!this.#hasStruck()) return false;
    await this.#expectNoAcknowledgement();
    await this.#expectSafeRecovery();
    if (this.#kind === 'full' || this.#kind === 'full-short') await this.#expectResumption();
    else await this.#settle(this.#engine?.close() ?? Promise.resolve());
    return true;
  }

  /** @returns whether the fault has struck */
  async #openAndClose(): Promise<boolean> {
    const engine = await this.#open();
    if (engine === undefined) return true;
    for (let step = 0; step < 16 && !this.#hasStruck(); step += 1) await this.#step(engine);
    if (this.#hasStruck()) return true;
    await this.#settle(engine.close());
    this.#count();
    this.#engine = undefined;
    if (this.#hasStruck()) return true;
    this.#acknowledged = this.#history.count;
    return false;
  }

  #hasStruck(): boolean {
    return this.#acknowledgedBefore !== undefined;
  }

  async #open(): Promise<StorageEngine | undefined> {
    this.#engine = undefined;
    try {
      this.#engine = await openForTest(this.#fileSystem);
    } catch (error) {
      this.#expectClear(error);
      return undefined;
    }
    return this.#engine;
  }

  async #step(engine: StorageEngine): Promise<void> {
    const dice = this.#random.float();
    if (dice < 0.2) this.#background.push(this.#settle(engine.snapshot()));
    const position = this.#write(engine);
    if (dice > 0.5 && position !== undefined) await this.#settle(engine.durable(position));
    else if (dice > 0.35) await turn();
    this.#count();
  }

  /** @returns undefined if it was refused */
  #write(engine: StorageEngine): LogPosition | undefined {
    const count = 1 + Math.floor(this.#random.float() * 3);
    const first = Math.floor(this.#random.float() * 8);
    const mutations = Array.from({ length: count }, (_, index) => ({
      key: `key ${first + index}`,
      value:
        this.#random.float() < 0.2
          ? undefined
          : new Uint8Array(Math.floor(this.#random.float() * 300)).fill(first),
    }));
    const batch = this.#history.add(mutations);
    const results = engine.apply(Buffer.concat(batch.records.map(({ bytes }) => bytes)));
    const last = results.at(-1)!;
    if (last.kind === 'stored') {
      batch.position = last.position;
      return last.position;
    }
    if ([...results].some(({ kind }) => kind === 'stored'))
      throw new Error('half of an atomic batch was refused');
    if (last.kind !== 'refused' || (last.code !== 'disk-full' && last.code !== 'internal')) {
      throw new Error(`not a clear refusal: ${JSON.stringify(last)}`);
    }
    this.#history.withdraw();
    return undefined;
  }

  #count(): number {
    const { batches } = this.#history;
    const engine = this.#engine;
    for (; engine !== undefined && this.#acknowledged < batches.length; this.#acknowledged += 1) {
      const { position } = batches[this.#acknowledged]!;
      if (position === undefined || !engine.isDurable(position)) break;
    }
    return this.#acknowledged;
  }

  async #settle(promise: Promise<unknown>): Promise<void> {
    try {
      await promise;
    } catch (error) {
      this.#expectClear(error);
    }
  }

  #expectClear(error: unknown): void {
    const wanted = this.#kind === 'full' || this.#kind === 'full-short' ? 'disk-full' : 'internal';
    if (isKvError(error) && (error.code === wanted || error.code === 'closed')) return;
    throw new Error(`not a clear error: ${String(error)}`, { cause: error });
  }

  async #expectNoAcknowledgement(): Promise<void> {
    const engine = this.#engine;
    const before = this.#acknowledgedBefore!;
    for (let wait = 0; wait < turnsAfter; wait += 1) {
      if (engine !== undefined && wait % 4 === 1) {
        const position = this.#write(engine);
        if (position !== undefined) void this.#settle(engine.durable(position));
        this.#expectReads(engine);
      }
      await turn();
    }
    if (this.#count() > before)
      throw new Error(`${this.#count() - before} batches were acknowledged after the fault`);
  }

  /** Reads go on: each key is as it was written last, acknowledged or not. */
  #expectReads(engine: StorageEngine): void {
    const history = this.#history;
    for (const key of history.keys.values()) {
      const batch = history.batches[(key.batches.at(-1) ?? 0) - 1];
      const newest = batch?.records.findLast((record) => record.key === key)?.bytes;
      const found = engine.get(key.bytes, key.hash)?.record.bytes;
      if (newest === undefined && found === undefined) continue;
      if (newest === undefined || found === undefined || Buffer.compare(newest, found) !== 0) {
        throw new Error(`${key.text} is not read as it was written`);
      }
    }
  }

  async #expectSafeRecovery(): Promise<void> {
    const point = this.#disk.crashPoint();
    const begun = this.#history.count;
    const acknowledged = this.#acknowledgedBefore!;
    const required = { acknowledged, acknowledgedAtLevel: acknowledged, begun, ceiling: 0, incarnation: 1 };
    for (const choice of choicesOf(point.unsynced, { max: choicesMax, random: this.#random })) {
      const disk = this.#disk.crash({ choice });
      const maySuspect = leavesHoleInLog(point.unsynced, choice) ? allPartitions : 0;
      await this.#recover(disk, { ...required, mustSuspect: 0, maySuspect });
    }
    const killed = this.#disk.crash({ choice: keepAll(point) });
    await this.#recover(killed, { ...required, mustSuspect: 0, maySuspect: 0 });
  }

  async #recover(disk: MemoryFileSystem, required: Parameters<typeof throwUnlessMet>[1]): Promise<void> {
    this.states += 1;
    if (this.#kind === 'full' || this.#kind === 'full-short') {
      // No byte of room: it opens, or says why not.
      disk.capacityBytes = disk.usedBytes;
      try {
        const engine = await openForTest(disk);
        throwUnlessMet(this.#stateOf(engine), required);
      } catch (error) {
        if (!isKvError(error) || error.code !== 'disk-full') throw error;
      }
      disk.capacityBytes = Infinity;
    }
    const engine = await openForTest(disk.kill());
    throwUnlessMet(this.#stateOf(engine), required);
  }

  #stateOf(engine: StorageEngine): ReturnType<typeof recoveredState> {
    return recoveredState(engine, this.#history, { retainTombstones: true });
  }

  /** There is room again: the engine goes on by itself, or the next opening does. */
  async #expectResumption(): Promise<void> {
    this.#faulty.heal();
    const engine = this.#engine ?? (await this.#openAfterwards());
    this.#engine = engine;
    for (let wait = 0; !this.resumed; wait += 1) {
      if (wait === turnsToResumeMax) throw new Error('there is room again, and no write is acknowledged');
      const position = this.#write(engine);
      if (position === undefined) await turn();
      else
        this.resumed = await engine.durable(position).then(
          () => true,
          () => false,
        );
    }
    await engine.snapshot();
    await engine.close();
    const again = await openForTest(this.#disk.crash());
    const { holds } = this.#stateOf(again);
    if (holds < this.#history.count) throw new Error(`after the disk was full, batch ${holds + 1} is lost`);
  }

  /** What the last engine could not write before it closed is gone, as it said. */
  async #openAfterwards(): Promise<StorageEngine> {
    const engine = await openForTest(this.#fileSystem);
    const { holds } = this.#stateOf(engine);
    if (holds < this.#acknowledgedBefore!)
      throw new Error(`batch ${holds + 1} was acknowledged, and is lost`);
    while (this.#history.count > holds) this.#history.withdraw();
    return engine;
  }
}

function planOf(kind: FaultKind, nth: number): Fault[] {
  switch (kind) {
    case 'sync':
      return [{ on: 'sync', nth, effect: 'EIO' }];
    case 'sync-linux':
      return [];
    case 'names':
      return [{ on: 'syncDirectory', nth, effect: 'EIO' }];
    case 'full':
      return [{ on: 'write', nth, times: Infinity, effect: 'ENOSPC' }];
    case 'full-short':
      return [
        { on: 'write', nth, effect: 1 + ((nth * 29) % 150) },
        { on: 'write', nth: nth + 1, times: Infinity, effect: 'ENOSPC' },
      ];
  }
}

function failNthSync(disk: MemoryFileSystem, nth: number): void {
  let syncs = 0;
  if (nth === 1) disk.failSync('EIO');
  disk.afterOperation = ({ kind }) => {
    if (kind !== 'sync') return;
    syncs += 1;
    if (syncs === nth - 1) disk.failSync('EIO');
  };
}
