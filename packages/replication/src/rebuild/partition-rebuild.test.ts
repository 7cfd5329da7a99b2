import { describe, expect, it } from '@jest/globals';
import { createHybridLogicalClock, plusMs, type Timestamp, timestampOf } from '@kv/hlc';
import { openEngine } from '@kv/storage';
import { createManualClock, createManualTimers } from '@kv/testing';

import { epochMs, facts, recordAt } from '../../test/model/core-harness.js';
import type { Background } from '../anti-entropy/background.js';
import { soundDecisions } from '../decisions.js';
import { createPartitionRebuild } from './partition-rebuild.js';

/** Rebuilds one partition from two owners whose clocks read `sourceTime`; resolves once it is rebuilt. */
async function rebuildFrom(sourceTime: Timestamp) {
  const clock = createManualClock({ nowMs: epochMs });
  const engine = await openEngine(
    { directory: ':memory:', partitions: 1, snapshotIntervalMs: 0 },
    { fileSystem: undefined as never, clock, timers: createManualTimers(clock) },
  );
  const hlc = createHybridLogicalClock({}, { clock });
  const record = recordAt(5);
  const source = {
    scanPartition: () =>
      Promise.resolve({ kind: 'page', records: [record], more: false, ...facts({ hlcTime: sourceTime }) }),
  };
  const background = {
    ...{ engine, hlc, clock, decisions: soundDecisions },
    placement: { self: 1, owners: () => [1, 2, 3] },
    replicationFactor: 3,
    replica: () => source,
    pacer: { run: (work: () => Promise<unknown>) => work() },
    timeoutMs: 100,
  } as unknown as Background;
  const digest = { kind: 'digest', words: new Uint32Array(2), suspect: false };
  const gatherer = {
    digest: () => Promise.resolve({ digest, facts: facts({ hlcTime: timestampOf(epochMs) }) }),
  } as never;
  await new Promise<void>((rebuilt, fail) => {
    const events = {
      rebuilt: () => rebuilt(),
      paused: () => fail(new Error('paused')),
      pageMerged: () => undefined,
    };
    createPartitionRebuild(0, background, { gatherer, events }).start();
  });
  return { hlc, engine, record };
}

describe('the rebuild of a partition', () => {
  const now = timestampOf(epochMs);

  it('rule 16: brings back the time that readers named, so that what was expired stays so', async () => {
    const time = plusMs(now, 300);
    const { hlc, engine, record } = await rebuildFrom(time);
    expect(engine.get(record.key)?.record.version).toEqual(record.version);
    expect(hlc.current()).toBeGreaterThanOrEqual(time);
  });

  it('takes records, and no time, from one whose clock is beyond the drift bound', async () => {
    const { hlc, engine, record } = await rebuildFrom(plusMs(now, 60_000));
    expect(engine.get(record.key)?.record.version).toEqual(record.version);
    expect(hlc.current()).toBe(now);
  });
});
