import { describe, expect, it } from '@jest/globals';

import { check, createHistoryRecorder, describeOperation, measureHistory } from '../../src/checkers/index.js';
import { createManualClock } from '../../src/index.js';
import { appended, final, history, read, v, write } from './story.js';

describe('a verdict', () => {
  it('counts what each checker judged: nothing proves nothing', () => {
    const { figures } = check(history([]));
    for (const { judged, violations } of Object.values(figures)) expect([judged, violations]).toEqual([0, 0]);
  });

  it('tells the first violations in words, and counts all', () => {
    const put = write(0, 10, { value: 'a', stamps: [5] });
    const stale = Array.from({ length: 9 }, (_, index) => read(20 + index, 21 + index, 'nothing'));
    const verdict = check(history([put, ...stale]), { violationsMax: 2 });
    expect(verdict.figures.visible).toEqual({ judged: 9, violations: 9 });
    expect(verdict.violations.map(({ checker, key, operations }) => [checker, key, operations])).toEqual([
      ['visible', 'k', [0, 1]],
      ['visible', 'k', [0, 2]],
    ]);
    expect(verdict.violations[0]!.message).toBe(
      'acknowledged, then not seen: put k = a: ok 5@1, stamps 5@1 (#0, client 1, quorum, 0.000-10.000); ' +
        'get k = not found, nobody knew the key (#1, client 2, quorum, 20.000-21.000)',
    );
  });

  it('operations at ONE are judged by what ONE promises only', () => {
    const one = { level: 'one' } as const;
    const { violations } = check(
      history([
        write(0, 10, { value: 'a', stamps: [5] }),
        write(20, 30, { value: 'b', stamps: [4], ...one, previous: { kind: 'none' } }),
        read(40, 50, ['a', 5], one),
        read(60, 70, ['b', 4], one),
        read(80, 90, 'nothing', one),
        read(91, 92, ['a', 5]),
      ]),
    );
    expect(violations).toEqual([]);
  });

  it('a purged tombstone explains that nobody knows the key any more', () => {
    const operations = [
      write(0, 10, { value: 'a', stamps: [5] }),
      write(20, 30, { stamps: [25] }),
      read(40, 50, 'nothing'),
    ];
    const finals = { finals: [final(1), final(2)] };
    expect(check({ ...history(operations, finals), purges: true }).violations).toEqual([]);
    const kept = check(history(operations, finals)).violations.map(({ checker }) => checker);
    expect(kept).toEqual(['durable', 'visible']);
    const undeleted = check({ ...history([operations[0]!, operations[2]!], finals), purges: true });
    expect(undeleted.violations.map(({ checker }) => checker)).toEqual(['durable', 'visible']);
  });

  it('QUORUM is measured against a register, and not gated by it', () => {
    const story = (level: 'quorum' | 'linearizable') => [
      write(0, 60, { value: 'a', stamps: [5, 25], level }),
      read(10, 11, ['a', 5]),
      write(12, 20, { value: 'b', stamps: [15], level, client: 3 }),
      read(30, 31, ['b', 15]),
      read(40, 41, ['a', 25]),
    ];
    const quorum = check(history(story('quorum')));
    expect(quorum.violations).toEqual([]);
    expect(quorum.returnsWhileRunning).toBe(1);
    expect(quorum.quorum).toEqual({
      keys: 1,
      clusters: 2,
      violatingKeys: 1,
      violatingClusters: 1,
      untoldReads: 0,
    });
    const { linearizable, violations } = check(history(story('linearizable')));
    expect(linearizable.violatingClusters).toBe(1);
    expect(violations.map(({ checker }) => checker)).toEqual(['once', 'once', 'linearizable']);
  });

  it.each([
    ['an end before the beginning', [write(10, 5, { value: 'a', stamps: [7] })], 'ended before it began'],
    ['a value written twice', [1, 2].map((at) => write(0, 9, { value: 'a', stamps: [at] })), 'written twice'],
    ['ok without a version', [write(0, 9, { value: 'a' })], 'without a version'],
    ['an answer without an end', [read(0, Infinity, 'nothing')], 'no end'],
  ])('a history with %s is refused', (_what, operations, message) => {
    expect(() => check(history(operations))).toThrow(message);
  });
});

describe('the recorder', () => {
  it('keeps what happened, in the order in which it happened', () => {
    const clock = createManualClock({ nowMs: 1_000 });
    const recorder = createHistoryRecorder({}, { clock });
    const put = recorder.write({ client: 1, key: 'k', level: 'quorum', value: 'a' });
    put.stamped(v(4));
    put.disown([v(4)]);
    put.stamped(v(5));
    put.stamped(v(5));
    put.ended({ outcome: 'ok', version: v(5), previous: { kind: 'none' } });
    const get = recorder.read({ client: 1, key: 'k', level: 'one' });
    get.ended({ kind: 'value', value: 'a', version: v(5) });
    recorder.write({ client: 2, key: 'k', level: 'quorum', value: undefined });
    recorder.acknowledged({ operation: put.id, holders: 2, required: 2 });
    for (const each of appended(5).appended!) recorder.appended(each);
    recorder.final(final(1, ['a', 5]));
    const told = recorder.history();
    put.stamped(v(9));
    expect(told.operations.map(({ id, kind }) => [id, kind])).toEqual([
      [0, 'put'],
      [1, 'get'],
      [2, 'delete'],
    ]);
    expect(told.operations[0]).toMatchObject({
      stamps: [
        { version: v(4), disowned: true },
        { version: v(5), disowned: false },
      ],
      outcome: 'ok',
    });
    expect(told.operations[2]).toMatchObject({ outcome: 'unknown', endedMs: Infinity });
    // One moment of the clock, yet one after the other: the read came after the write.
    expect(told.operations[1]!.beganMs).toBeGreaterThan(told.operations[0]!.endedMs);
    expect(check(told).figures.durable).toEqual({ judged: 2, violations: 0 });
    expect(() => put.ended({ outcome: 'unknown' })).toThrow('ended twice');
  });
});

describe('figures of a history', () => {
  it('pairs that overlap on a key, one of them a write', () => {
    const told = history([
      write(0, 10, { value: 'a', stamps: [5] }),
      read(5, 15, ['a', 5]),
      read(6, 16, ['a', 5]),
      write(12, 20, { value: 'b', stamps: [14], outcome: 'unknown' }),
      write(21, 22, { value: 'c', stamps: [], outcome: 'not-applied' }),
    ]);
    expect(measureHistory(told)).toEqual({
      operations: 5,
      writes: { ok: 1, unknown: 1, 'not-applied': 1 },
      checkedReads: 2,
      scans: 0,
      scannedEntries: 0,
      concurrentPairs: 4,
    });
  });

  it('operations are told in one line', () => {
    const lines = history([
      read(0, 1, 7),
      read(0, 1, 'untold'),
      { ...read(0, 1, 'untold'), answer: undefined } as ReturnType<typeof read>,
      write(0, 1, { outcome: 'unknown' }),
    ]).operations.map(describeOperation);
    expect(lines).toEqual([
      'get k = not found, hidden by 7@1 (#0, client 2, quorum, 0.000-1.000)',
      'get k = not found (#1, client 2, quorum, 0.000-1.000)',
      'get k = failed (#2, client 2, quorum, 0.000-1.000)',
      'delete k: unknown, stamps none (#3, client 1, quorum, 0.000-1.000)',
    ]);
  });
});
