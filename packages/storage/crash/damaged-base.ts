import type { StorageEngine } from '../index.js';
import {
  createMemoryFileSystem,
  createSeededRandom,
  type MemoryFileSystem,
  type SeededRandom,
} from '@kv/testing';

import { directory, openForTest } from './engine-ports.js';
import { WriteHistory } from './write-history.js';

/** A directory whose every write is durable, and a file in it that is to be damaged. */
export interface DamagedBase {
  readonly kind: BaseKind;
  readonly disk: MemoryFileSystem;
  readonly history: WriteHistory;
  readonly retainTombstones: boolean;
  readonly target: string;
  readonly content: Uint8Array;
  /** Of a newest log: its length when this many batches were durable. It was made with the first one in it. */
  readonly lengthAfter: readonly number[];
}

/**
 * `newest-log`: the process was killed, the log was the last file written. `older-log`: another one follows.
 * `snapshot`: under a log with more. `closed-log`: closed in order.
 */
export const baseKinds = ['newest-log', 'older-log', 'snapshot', 'closed-log'] as const;
export type BaseKind = (typeof baseKinds)[number];

export const targetBytesMin = 8 * 1024;

/** Sizes of values: many small records, a mixture, few large ones. */
const valueSizes = [
  { keys: 60, bytesMax: 24 },
  { keys: 24, bytesMax: 240 },
  { keys: 40, bytesMax: 700 },
  { keys: 12, bytesMax: 2_400 },
  { keys: 100, bytesMax: 100 },
] as const;

export async function createDamagedBase(seed: number, index: number): Promise<DamagedBase> {
  const random = createSeededRandom((seed * 7_919 + index) >>> 0);
  const kind = baseKinds[index % baseKinds.length]!;
  const sizes = valueSizes[Math.floor(index / baseKinds.length) % valueSizes.length]!;
  const retainTombstones = index % 3 !== 2;
  const fileSystem = createMemoryFileSystem({ listOperations: false });
  const history = new WriteHistory();
  const writer = new Writer(history, random, sizes);
  const options = { retainTombstones };
  let engine = await openForTest(fileSystem, options);
  const lengthAfter = [0];
  let target = '';
  while (target === '' || fileSystem.contents(target).length < targetBytesMin) {
    await writer.write(engine);
    if (kind !== 'snapshot') {
      target = newest(fileSystem, /\/log-\d+\.kv$/);
      lengthAfter[history.count] = fileSystem.contents(target).length;
    } else if (history.count % 10 === 0) {
      await engine.snapshot();
      target = newest(fileSystem, /\/snapshot-\d+\.kv$/);
    }
  }
  if (kind === 'older-log') {
    await engine.close();
    engine = await openForTest(fileSystem, options);
  }
  if (kind === 'older-log' || kind === 'snapshot')
    for (let more = 0; more < 3; more += 1) await writer.write(engine);
  if (kind === 'closed-log') await engine.close();
  const disk = fileSystem.kill();
  return { kind, disk, history, retainTombstones, target, content: disk.contents(target), lengthAfter };
}

function newest(fileSystem: MemoryFileSystem, name: RegExp): string {
  const path = fileSystem.paths().findLast((each) => name.test(each));
  if (path === undefined) throw new Error(`no ${name.source} in ${directory}`);
  return path;
}

class Writer {
  readonly #history: WriteHistory;
  readonly #random: SeededRandom;
  readonly #sizes: (typeof valueSizes)[number];

  constructor(history: WriteHistory, random: SeededRandom, sizes: (typeof valueSizes)[number]) {
    this.#history = history;
    this.#random = random;
    this.#sizes = sizes;
  }

  /** One durable batch. */
  async write(engine: StorageEngine): Promise<void> {
    const count = this.#random.float() < 0.6 ? 1 : 2 + this.#below(3);
    const keys = new Set<string>();
    for (let index = 0; index < count; index += 1) keys.add(`key ${this.#below(this.#keys)}`);
    const batch = this.#history.add([...keys].map((key) => ({ key, value: this.#value() })));
    const last = engine.apply(Buffer.concat(batch.records.map(({ bytes }) => bytes))).at(-1)!;
    if (last.kind !== 'stored') throw new Error(`a write was not stored: ${last.kind}`);
    await engine.durable(last.position);
  }

  /** Ever more, or a snapshot of small records would never be long. */
  get #keys(): number {
    return this.#sizes.keys + Math.floor(this.#history.count / 3);
  }

  #value(): Uint8Array | undefined {
    if (this.#random.float() < 0.1) return undefined;
    const value = new Uint8Array(1 + this.#below(this.#sizes.bytesMax));
    for (let index = 0; index < value.length; index += 1) value[index] = this.#random.uint32();
    return value;
  }

  #below(limit: number): number {
    return Math.floor(this.#random.float() * limit);
  }
}
