import { compareBytes } from '../record/compare-bytes.js';
import type { ScanOptions, StorageEngine } from '../engine/engine.js';
import { entriesPerTurn } from '../limits.js';
import type { Clock, Timers } from '../ports.js';
import { isExpired, type RecordView } from '../record/record.js';

/**
 * Entries to be gone through once or more, each time from the start: by `for … of`, in one go, or by `for await … of`,
 * which lets others have their turn every so often. Entries that come or go meanwhile may or may not be met; every one
 * present throughout is met once.
 */
export interface Entries<Item> extends Iterable<Item>, AsyncIterable<Item> {}

export function createEntries<Item>(items: () => Iterable<Item>, timers: Timers): Entries<Item> {
  return {
    [Symbol.iterator]: () => items()[Symbol.iterator](),
    async *[Symbol.asyncIterator]() {
      let count = 0;
      for (const item of items()) {
        yield item;
        count += 1;
        if (count % entriesPerTurn !== 0) continue;
        await new Promise<void>((resolve) => {
          timers.nextTurn(resolve);
        });
      }
    },
  };
}

export interface LiveRange extends ScanOptions {
  readonly limit: number;
}

/** Live records of all partitions, in the order of their keys' bytes or its reverse. */
export function* liveRecords(
  engine: StorageEngine,
  clock: Clock,
  { limit, ...scan }: LiveRange,
): Generator<RecordView, void> {
  let left = limit;
  if (left <= 0) return;
  for (const record of merged(engine, scan)) {
    if (record.tombstone || isExpired(record, clock.nowMs())) continue;
    yield record;
    left -= 1;
    if (left === 0) return;
  }
}

/** Partitions are ordered each for itself: the next of all is the least of their next ones. */
function* merged(engine: StorageEngine, scan: ScanOptions): Generator<RecordView, void> {
  const sign = scan.reverse === true ? -1 : 1;
  const sources: { iterator: Iterator<{ record: RecordView }>; record: RecordView; key: Uint8Array }[] = [];
  for (let partition = 0; partition < engine.partitions; partition += 1) {
    const iterator = engine.scanPartition(partition, scan)[Symbol.iterator]();
    const next = iterator.next();
    if (next.done !== true) sources.push({ iterator, record: next.value.record, key: next.value.record.key });
  }
  while (sources.length > 0) {
    let least = 0;
    for (let index = 1; index < sources.length; index += 1) {
      if (sign * compareBytes(sources[index]!.key, sources[least]!.key) < 0) least = index;
    }
    const source = sources[least]!;
    yield source.record;
    const next = source.iterator.next();
    if (next.done === true) {
      sources.splice(least, 1);
    } else {
      source.record = next.value.record;
      source.key = source.record.key;
    }
  }
}
