import {
  encodeRecordsInto,
  nodeFileSystem,
  openEngine,
  type RecordFields,
  recordBytesOf,
  type StorageEngine,
  systemBootId,
  systemClock,
  systemTimers,
} from '@kv/storage';
import { timestampOf, type Timestamp } from '@kv/hlc';

import { createKeys } from '../keys.js';
import { createIndexes } from '../random.js';
import { groupSize } from '../settings.js';
import { startStopwatch } from '../stopwatch.js';
import type { Figures, Task } from '../task.js';

/** Messages that are encoded at a time, before those are timed that are taken in. */
const preparedMessages = 25;

/**
 * What a replica does with a message of records that it received: checksums verified, newest version wins, result of each
 * told. Every key once, in order; then as many drawn at random. Encoding is not timed.
 */
export async function measureReceived(task: Task): Promise<Figures> {
  const { directory, durability, keyCount, seed } = task;
  const engine = await openEngine(
    { directory, durability, snapshotIntervalMs: 0 },
    {
      fileSystem: nodeFileSystem(),
      bootId: systemBootId(),
      clock: systemClock(),
      timers: systemTimers(),
      logger: undefined,
      onFatal(error) {
        throw error;
      },
    },
  );
  const messages = createMessages(task);
  let number = 0;
  const loadPerSecond = await timed(task, engine, () => messages.next(() => number++));
  const draw = createIndexes(seed, keyCount);
  const overwritePerSecond = await timed(task, engine, () => messages.next(draw));
  await engine.close();
  return { loadPerSecond, overwritePerSecond };
}

async function timed({ keyCount, time }: Task, engine: StorageEngine, next: () => Buffer): Promise<number> {
  let records = 0;
  let seconds = 0;
  while (records < keyCount) {
    const count = Math.min(preparedMessages, Math.ceil((keyCount - records) / groupSize));
    const prepared = Array.from({ length: count }, next);
    const elapsed = startStopwatch(time);
    for (const message of prepared) {
      const results = engine.apply(message);
      if (results.length !== groupSize) throw new Error('a record of a message has no result');
      records += results.length;
      await new Promise<void>((resolve) => void setImmediate(resolve));
    }
    seconds += elapsed();
    await engine.durable(engine.appended);
  }
  return records / seconds;
}

/** Encoded where they go: to free a buffer for each record would be work that the engine is charged with. */
function createMessages({ keyCount, valueBytes }: Task): { next(draw: () => number): Buffer } {
  const keys = createKeys('bytes', { count: keyCount, groupSize });
  const value = Buffer.alloc(valueBytes, 7);
  let timestamp: number = timestampOf(Date.now());
  const fieldsOf = (number: number): RecordFields => {
    timestamp += 1;
    const key = keys.one(number) as Buffer;
    return { key, value, version: { timestamp: timestamp as Timestamp, node: 1 } };
  };
  const recordBytes = recordBytesOf(fieldsOf(0));
  return {
    next(draw) {
      const message = Buffer.alloc(groupSize * recordBytes);
      encodeRecordsInto(
        message,
        Array.from({ length: groupSize }, () => fieldsOf(draw() % keyCount)),
      );
      return message;
    },
  };
}
