import { writeSync } from 'node:fs';

import { type Durability, nodeFileSystem, openEngine, systemClock, systemTimers } from '../index.js';

import { countedRecord } from './counted-writes.js';
import { partitions } from './engine-ports.js';

/** Writes until it is killed; whenever writes are acknowledged, says up to which one. */
const [directory = '', durability = 'always', from = '1', writersText = '1'] = process.argv.slice(2);
const writers = Number(writersText);
const acknowledgedPipe = 1;
const snapshotEvery = 3_000;

async function main(): Promise<void> {
  const engine = await openEngine(
    {
      directory,
      partitions,
      durability: durability as Durability,
      durabilityIntervalMs: 5,
      snapshotIntervalMs: 0,
    },
    { fileSystem: nodeFileSystem(), clock: systemClock(), timers: systemTimers(), bootId: 'this boot' },
  );
  writeSync(acknowledgedPipe, 'open\n');
  for (let write = Number(from); ; write += writers) {
    const records = Array.from({ length: writers }, (_, index) => countedRecord(write + index));
    const last = engine.apply(Buffer.concat(records)).at(-1)!;
    if (last.kind !== 'stored') throw new Error(`not stored: ${JSON.stringify(last)}`);
    if (Math.floor(write / snapshotEvery) !== Math.floor((write + writers) / snapshotEvery)) {
      engine.snapshot().catch((error: unknown) => fail(error));
    }
    await engine.durable(last.position);
    writeSync(acknowledgedPipe, `${write + writers - 1}\n`);
  }
}

function fail(error: unknown): void {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exit(1);
}

process.on('disconnect', () => process.exit(2));
main().catch(fail);
