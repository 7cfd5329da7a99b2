import { describe, expect, it } from '@jest/globals';
import type { Timestamp } from '@kv/hlc';

import { encodeRecord } from '../record/encode-record.js';
import type { RecordView } from '../record/record.js';
import { nodeFileSystem } from '../system/node-file-system.adapter.js';
import { systemClock, systemTimers } from '../system/system-ports.adapter.js';
import type { StorageEngine } from './engine.js';
import { openEngine } from './open-engine.js';

const text = new TextEncoder();
const partitions = 4;
const keys = Array.from({ length: 200 }, (_, index) => text.encode(`key ${index}`));

/** Numbers from 0 up to a bound, the same ones every time. */
function drawing(): (below: number) => number {
  let state = 1;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}

function recordOf(key: Uint8Array, order: number, valueBytes: number): Uint8Array {
  const value = text.encode(`value ${order} `.padEnd(valueBytes, '.'));
  return encodeRecord({ key, value, version: { timestamp: order as Timestamp, node: 1 } });
}

/** Views, with what they showed when they were given. */
class Kept {
  readonly #views: { readonly from: string; readonly record: RecordView; readonly bytes: Uint8Array }[] = [];

  add(from: string, record: RecordView | undefined): void {
    if (record !== undefined) this.#views.push({ from, record, bytes: record.bytes.slice() });
  }

  get changed(): readonly string[] {
    return this.#views
      .filter(({ record, bytes }) => Buffer.compare(record.bytes, bytes) !== 0)
      .map(({ from }) => from);
  }

  get sources(): readonly string[] {
    return [...new Set(this.#views.map(({ from }) => from))].sort();
  }
}

async function open(): Promise<StorageEngine> {
  const ports = {
    fileSystem: nodeFileSystem(),
    clock: systemClock(),
    timers: systemTimers({ keepAlive: false }),
  };
  return openEngine(
    { directory: ':memory:', partitions, memoryBytesMax: 64 * 1024 * 1024, retainTombstones: true },
    ports,
  );
}

describe('a view of a record', () => {
  it.each([60, 2_000])(
    'stays right, wherever it came from, while all is overwritten: values of %i bytes',
    async (valueBytes) => {
      const engine = await open();
      const draw = drawing();
      const kept = new Kept();
      let order = 1_000;
      for (let round = 0; round < 3_000; round += 1) {
        const key = keys[draw(keys.length)]!;
        order += 1;
        const written = draw(5) === 0 ? order - 900 : order;
        const keeps = draw(20) === 0;
        const expected = draw(2) === 0 ? new Uint8Array(12) : undefined;
        const tellsPrevious = draw(2) === 0;
        const records = Buffer.concat([
          recordOf(key, written, valueBytes),
          recordOf(keys[draw(keys.length)]!, order, valueBytes),
        ]);
        const results = engine.apply(records, { tellsPrevious, expected });
        if (keeps) {
          for (const result of results) {
            if (result.kind === 'stored') kept.add('previous', result.previous);
            if (result.kind === 'newer') kept.add('newer', result.newer);
          }
          kept.add('get', engine.get(key)?.record);
          kept.add('peek', engine.peek(key));
          const [first] = engine.scanPartition(draw(partitions));
          kept.add('scan', first?.record);
        }
        if (round % 200 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      expect(kept.sources).toEqual(['get', 'newer', 'peek', 'previous', 'scan']);
      expect(kept.changed).toEqual([]);
      await engine.close();
    },
  );
});
