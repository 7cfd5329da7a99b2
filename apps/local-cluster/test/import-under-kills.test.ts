import { setTimeout as sleep } from 'node:timers/promises';

import { describe, expect, it } from '@jest/globals';

import { eventually } from './eventually.js';
import { inFlight, range } from './in-flight.js';
import { runKv, startKv } from './run-command.js';
import { createStage } from './stage.js';
import { startAgain } from './start-again.js';

const recordCount = 10_000;
const batchSize = 50;

const stage = createStage();

function record(i: number): { key: string; value: string } {
  return { key: `record/${i}`, value: `value of record ${i}, ${'x'.repeat(i % 200)}` };
}

describe('import', () => {
  it('10,000 records go in while every node is killed with SIGKILL in turn; all are read back and exported', async () => {
    const cluster = await stage.cluster();
    const where = ['--endpoints', cluster.endpoints.join(',')];
    const started = startKv(['import', '-', ...where]);
    const { child } = started;
    const input = child.stdin!;

    // The lines come in batches, so that every kill falls into the import: the last batch waits for the last kill.
    let fed = 0;
    const feed = async (): Promise<void> => {
      const lines = range(batchSize).map((i) => `${JSON.stringify(record(fed + i))}\n`);
      fed += batchSize;
      if (!input.write(lines.join(''))) await new Promise((resolve) => input.once('drain', resolve));
    };
    const lastKill = new AbortController();
    const feeding = (async () => {
      while (!lastKill.signal.aborted && fed < recordCount - batchSize) {
        await feed();
        await sleep(30);
      }
    })();
    for (const node of cluster.nodes) {
      await sleep(300);
      await node.kill();
      const before = fed;
      await eventually('records go in without it', () => fed > before + 4 * batchSize);
      expect(child.exitCode).toBeNull();
      await startAgain([node]);
    }
    lastKill.abort();
    await feeding;
    while (fed < recordCount) await feed();
    input.end();
    expect(await started.outcome).toMatchObject({ exitCode: 0 });

    const records = range(recordCount).map(record);
    const readers = stage.clientOfEach(cluster);
    const read = await inFlight(96, records, ({ key }, i) => readers[i % 3]!.get(key));
    expect(read).toEqual(records.map(({ value }) => value));

    const exported = await runKv(['export', '--timeout-ms', '30000', ...where]);
    expect(exported.exitCode).toBe(0);
    const lines = exported.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    const byKey = (a: { key: string }, b: { key: string }): number => (a.key < b.key ? -1 : 1);
    expect((lines as typeof records).sort(byKey)).toEqual([...records].sort(byKey));
  });
});
