import { setTimeout as sleep } from 'node:timers/promises';

import { describe, expect, it } from '@jest/globals';
import { isKvError, type KvClient } from '@kv/client';
import { check, createHistoryRecorder, type HistoryRecorder } from '@kv/testing/checkers';

import { eventually } from './eventually.js';
import { range } from './in-flight.js';
import { createStage } from './stage.js';
import { startAgain } from './start-again.js';

const { performance } = globalThis;
const stage = createStage();
const keys = ['register/a', 'register/b'];
const level = 'linearizable';

interface Caller {
  readonly number: number;
  readonly client: KvClient;
  readonly recorder: HistoryRecorder;
}

/** A write every other time, a delete among seven; each waits for the one before it. */
async function operate({ number, client, recorder }: Caller, turn: number): Promise<void> {
  const key = keys[(number + turn) % keys.length]!;
  if (turn % 2 === 0) return read({ number, client, recorder }, key);
  const value = turn % 7 === 0 ? undefined : `${number}/${turn}`;
  const recorded = recorder.write({ client: number, key, level, value });
  try {
    const { version } = await (value === undefined ? client.delete(key) : client.put(key, value));
    recorded.stamped(version);
    recorded.ended({ outcome: 'ok', version });
  } catch (error) {
    if (!isKvError(error)) throw error;
    recorded.ended({ outcome: error.outcome ?? 'unknown' });
  }
}

async function read({ number, client, recorder }: Caller, key: string): Promise<void> {
  const recorded = recorder.read({ client: number, key, level });
  try {
    const entry = await client.getEntry(key);
    recorded.ended(
      entry === undefined
        ? { kind: 'untold' }
        : { kind: 'value', value: entry.value, version: entry.version },
    );
  } catch (error) {
    if (!isKvError(error)) throw error;
    recorded.ended(undefined);
  }
}

describe('level LINEARIZABLE', () => {
  it('keys are linearizable registers while every node is killed with SIGKILL in turn', async () => {
    const cluster = await stage.cluster();
    const recorder = createHistoryRecorder({}, { clock: { nowMs: () => performance.now() } });
    const over = new AbortController();
    let done = 0;
    const callers = range(6).map(async (number) => {
      // Two clients at each node first: a store is often repeated through another node than issued its ticket.
      const { endpoints } = cluster;
      const own = [...endpoints.slice(number % 3), ...endpoints.slice(0, number % 3)];
      const client = stage.client(own, { consistency: level, timeoutMs: 3_000 });
      for (let turn = 0; !over.signal.aborted; turn += 1) {
        await operate({ number, client, recorder }, turn);
        done += 1;
        // Slow enough for a machine that does other things, too.
        await sleep(2);
      }
    });
    for (const node of cluster.nodes) {
      await sleep(300);
      await node.kill();
      const before = done;
      await eventually('operations go on without it', () => done > before + 100);
      await startAgain([node]);
    }
    over.abort();
    await Promise.all(callers);

    const verdict = check(recorder.history());
    expect(verdict.violations.filter(({ checker }) => checker === 'linearizable')).toEqual([]);
    expect(verdict.linearizable.keys).toBe(keys.length);
    expect(verdict.figures.linearizable.judged).toBeGreaterThan(100);
  });
});
