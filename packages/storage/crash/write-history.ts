import { hashKey, type LogPosition, partitionOfHash } from '../index.js';

import { type Mutation, partitions, recordBytes } from './engine-ports.js';

export interface WrittenRecord {
  /** Of the atomic batch: 1 for the first one applied. */
  readonly batch: number;
  readonly key: WrittenKey;
  readonly tombstone: boolean;
  readonly bytes: Uint8Array;
}

export interface WrittenKey {
  readonly text: string;
  readonly bytes: Uint8Array;
  readonly hash: number;
  /** As a bit. */
  readonly partition: number;
  /** Which atomic batches wrote it, in order. */
  readonly batches: number[];
}

export interface AtomicBatch {
  readonly records: readonly WrittenRecord[];
  /** Of its last record; undefined until the engine told. */
  position: LogPosition | undefined;
}

const encoder = new TextEncoder();

/** Everything that was ever handed to an engine, in order: the oracle of what recovery may find. */
export class WriteHistory {
  readonly batches: AtomicBatch[] = [];
  readonly keys = new Map<string, WrittenKey>();
  /** By the order in the version's timestamp. */
  readonly records: (WrittenRecord | undefined)[] = [];

  get count(): number {
    return this.batches.length;
  }

  /** The next atomic batch; its bytes are to be applied at once. */
  add(mutations: readonly Pick<Mutation, 'key' | 'value'>[]): AtomicBatch {
    const number = this.batches.length + 1;
    const records = mutations.map(({ key: text, value }, index) => {
      const key = this.#keyOf(text);
      if (key.batches.at(-1) !== number) key.batches.push(number);
      const order = this.records.length;
      const batchContinues = index < mutations.length - 1;
      const bytes = recordBytes({ key: text, value, order, batchContinues });
      const record = { batch: number, key, tombstone: value === undefined, bytes };
      this.records.push(record);
      return record;
    });
    const batch = { records, position: undefined };
    this.batches.push(batch);
    return batch;
  }

  /** The newest batch was refused: it never happened. */
  withdraw(): void {
    const batch = this.batches.pop();
    for (const { key } of batch?.records ?? []) {
      if (key.batches.at(-1) === this.batches.length + 1) key.batches.pop();
      this.records.pop();
    }
  }

  #keyOf(text: string): WrittenKey {
    const known = this.keys.get(text);
    if (known !== undefined) return known;
    const bytes = encoder.encode(text);
    const hash = hashKey(bytes);
    const key = { text, bytes, hash, partition: 1 << partitionOfHash(hash, partitions), batches: [] };
    this.keys.set(text, key);
    return key;
  }
}
