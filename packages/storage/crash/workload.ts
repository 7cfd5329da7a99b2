import type { StorageEngine } from '../index.js';
import type { FileOperation, FileSystemShape, SeededRandom } from '@kv/testing';

import { allPartitions, type CrashTestOpen, openForTest, partitions, stampOf, turn } from './engine-ports.js';
import type { Requirement } from './requirement.js';
import { type AtomicBatch, WriteHistory } from './write-history.js';

export interface WorkloadShape extends CrashTestOpen {
  readonly durability: 'always' | 'interval' | 'os';
  readonly retainTombstones: boolean;
  readonly keys: number;
  /** Of most values; some are many times as long. */
  readonly valueBytesMax: number;
  /** Now and then, so much at once that the memory makes room for it alone. */
  readonly longInputs: boolean;
  /** Openings of the directory. */
  readonly openings: number;
  /** Steps in each. */
  readonly steps: number;
}

/** Written with every batch where deletions leave no trace, so that the state says how far the history got. */
const counterKey = 'counter';

/**
 * Random writes, deletions, atomic batches, snapshots beside them, ceilings, marks and reopenings on one directory; knows at
 * every moment what a crash must not take.
 */
export class Workload {
  readonly history = new WriteHistory();
  readonly shape: WorkloadShape;
  /** How often memory was cleaned, at least. */
  cleanings = 0;
  #memoryBytes = 0;
  readonly #fileSystem: FileSystemShape;
  readonly #random: SeededRandom;
  #engine: StorageEngine | undefined;
  #acknowledged = 0;
  /** Acknowledged when the log was last synced: what a crash of the machine must leave at every level. */
  #synced = 0;
  #ceiling = 0;
  #incarnation = 1;
  /** Marked for sure, and possibly, as bits. */
  #marked = 0;
  #maybeMarked = 0;
  readonly #snapshots: Promise<void>[] = [];

  constructor(fileSystem: FileSystemShape, shape: WorkloadShape, random: SeededRandom) {
    this.#fileSystem = fileSystem;
    this.shape = shape;
    this.#random = random;
  }

  get engine(): StorageEngine | undefined {
    return this.#engine;
  }

  get acknowledged(): number {
    const engine = this.#engine;
    if (engine === undefined) return this.#acknowledged;
    const { batches } = this.history;
    for (; this.#acknowledged < batches.length; this.#acknowledged += 1) {
      const { position } = batches[this.#acknowledged]!;
      if (position === undefined || !engine.isDurable(position)) break;
    }
    return this.#acknowledged;
  }

  /** To be told of every operation, before the requirement is asked for. */
  afterOperation({ kind, path }: FileOperation): void {
    const { acknowledged } = this;
    if (kind === 'sync' && path.includes('/log-')) this.#synced = acknowledged;
  }

  /** Of a crash now: of the process, or of the machine. */
  requirement(kind: 'process' | 'machine'): Requirement {
    const { acknowledged } = this;
    const lossy = kind === 'machine' && this.shape.durability !== 'always';
    return {
      acknowledged: lossy ? this.#synced : acknowledged,
      acknowledgedAtLevel: acknowledged,
      begun: this.history.count,
      ceiling: lossy ? 0 : this.#ceiling,
      incarnation: this.#incarnation,
      mustSuspect: this.#marked,
      maySuspect: lossy ? allPartitions : this.#maybeMarked,
    };
  }

  async run(): Promise<void> {
    for (let opening = 0; opening < this.shape.openings; opening += 1) {
      this.#engine = await openForTest(this.#fileSystem, this.shape);
      for (let step = 0; step < this.shape.steps; step += 1) {
        await this.#step(this.#engine);
        this.#noteCleaning(this.#engine);
      }
      await Promise.all(this.#snapshots.splice(0));
      await this.#close(this.#engine);
    }
  }

  /** Memory gets less only by cleaning. */
  #noteCleaning(engine: StorageEngine): void {
    const { memoryBytes } = engine.stats();
    if (memoryBytes < this.#memoryBytes) this.cleanings += 1;
    this.#memoryBytes = memoryBytes;
  }

  async #step(engine: StorageEngine): Promise<void> {
    const dice = this.#random.float();
    if (dice < 0.04 && this.shape.longInputs) this.#write(engine, 60);
    else if (dice < 0.45) this.#write(engine);
    else if (dice < 0.65) await this.#writeAndWait(engine);
    else if (dice < 0.8) await turn();
    else if (dice < 0.88) this.#snapshots.push(engine.snapshot());
    else if (dice < 0.92) await Promise.all(this.#snapshots.splice(0));
    else if (dice < 0.95) await this.#raiseCeiling(engine);
    else await this.#mark(engine);
  }

  /** So many atomic batches in one input. */
  #write(engine: StorageEngine, together = 1): void {
    const batches = Array.from({ length: together }, () => this.#nextBatch(together > 1 ? 900 : 0));
    const records = batches.flatMap((batch) => batch.records);
    const results = engine.apply(Buffer.concat(records.map(({ bytes }) => bytes)));
    let next = 0;
    for (const batch of batches) {
      next += batch.records.length;
      const last = results.at(next - 1)!;
      if (last.kind !== 'stored') throw new Error(`a write was not stored: ${JSON.stringify(last)}`);
      batch.position = last.position;
    }
  }

  #nextBatch(valueBytesMin: number): AtomicBatch {
    const count = this.#random.float() < 0.5 ? 1 : 1 + this.#below(5);
    const keys = new Set<string>();
    for (let index = 0; index < count; index += 1) keys.add(`key ${this.#below(this.shape.keys)}`);
    const mutations = [...keys].map((key) => ({ key, value: this.#value(valueBytesMin) }));
    if (!this.shape.retainTombstones) mutations.push({ key: counterKey, value: new Uint8Array(3) });
    return this.history.add(mutations);
  }

  async #writeAndWait(engine: StorageEngine): Promise<void> {
    this.#write(engine);
    await engine.durable(this.history.batches.at(-1)!.position!);
  }

  #value(bytesMin: number): Uint8Array | undefined {
    const dice = this.#random.float();
    if (dice < 0.2) return undefined;
    const bytes = bytesMin + this.#below(this.shape.valueBytesMax) * (dice < 0.28 ? 6 : 1);
    const value = new Uint8Array(bytes);
    for (let index = 0; index < bytes; index += 4) value[index] = this.#random.uint32();
    return value;
  }

  async #raiseCeiling(engine: StorageEngine): Promise<void> {
    const ceiling = stampOf(1_000_000 + this.history.records.length);
    await engine.persistCeiling(ceiling);
    this.#ceiling = Math.max(this.#ceiling, ceiling);
  }

  async #mark(engine: StorageEngine): Promise<void> {
    if (!this.shape.retainTombstones) return;
    const partition = this.#below(partitions);
    const bit = 1 << partition;
    if (engine.suspectPartitions.has(partition)) {
      this.#marked &= ~bit;
      await engine.clearSuspect([partition]);
      this.#maybeMarked &= ~bit;
    } else {
      this.#maybeMarked |= bit;
      await engine.markSuspect([partition]);
      this.#marked |= bit;
      this.#incarnation = engine.incarnation;
    }
  }

  async #close(engine: StorageEngine): Promise<void> {
    await engine.close();
    this.#acknowledged = this.history.count;
    this.#engine = undefined;
    this.#ceiling = Math.max(this.#ceiling, engine.ceiling);
  }

  #below(limit: number): number {
    return Math.floor(this.#random.float() * limit);
  }
}
