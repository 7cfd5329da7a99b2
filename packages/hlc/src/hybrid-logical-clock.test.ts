import { createManualClock } from '@kv/testing';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import {
  ClockDriftError,
  compareVersions,
  counterOf,
  createHybridLogicalClock,
  maxTimestamp,
  physicalMs,
  plusMs,
  timestampOf,
  versionNode,
  type HybridLogicalClockOptions,
  type Timestamp,
  type Version,
} from './index.js';

const startMs = Date.UTC(2026, 0, 1);
const drift = expect.objectContaining({ code: 'clock-drift' });
const invalid = expect.objectContaining({ code: 'invalid-argument' });

function setUp(options: HybridLogicalClockOptions = {}) {
  const clock = createManualClock({ nowMs: startMs });
  return { clock, hlc: createHybridLogicalClock(options, { clock }) };
}

describe('hybrid logical clock: issuing', () => {
  it('follows the wall clock and counts within a millisecond', () => {
    const { clock, hlc } = setUp();
    expect([hlc.now(), hlc.now()]).toEqual([timestampOf(startMs), timestampOf(startMs, 1)]);
    clock.advance(3);
    expect(hlc.now()).toBe(timestampOf(startMs + 3));
  });

  it('timestamp ordering: keeps increasing while the wall clock is set back', () => {
    const { clock, hlc } = setUp();
    const before = hlc.now();
    clock.jump(-3_600_000);
    expect(hlc.now()).toBe(before + 1);
  });

  it('counter overflow: advances the physical part and never blocks', () => {
    const { hlc } = setUp();
    let last = hlc.now();
    for (let count = 0; count < 3 * 4096; count += 1) {
      const next = hlc.now();
      if (next !== last + 1) throw new Error(`${next} does not follow ${last}`);
      last = next;
    }
    expect([physicalMs(last), counterOf(last)]).toEqual([startMs + 3, 0]);
  });

  it('takes fractional clock readings', () => {
    const hlc = createHybridLogicalClock({}, { clock: { nowMs: () => startMs + 0.75 } });
    expect(hlc.now()).toBe(timestampOf(startMs));
  });
});

describe('hybrid logical clock: receiving', () => {
  it('causality: a timestamp issued after a receive is above the received one', () => {
    const { hlc } = setUp();
    const remote = timestampOf(startMs + 400, 17);
    hlc.receive(remote);
    expect(hlc.now()).toBe(remote + 1);
  });

  it('an older remote timestamp changes nothing', () => {
    const { hlc } = setUp();
    const before = hlc.now();
    hlc.receive(timestampOf(startMs - 10_000));
    expect(hlc.now()).toBe(before + 1);
  });

  it('clock drift: accepted up to maxDriftMs ahead, refused a millisecond beyond', () => {
    const { hlc } = setUp({ maxDriftMs: 200 });
    const allowed = timestampOf(startMs + 200, 4095);
    const refused = timestampOf(startMs + 201);
    expect([hlc.admits(allowed), hlc.admits(refused)]).toEqual([true, false]);
    expect(() => hlc.receive(refused)).toThrow(ClockDriftError);
    expect(() => hlc.receive(refused)).toThrow(drift);
    expect(() => hlc.receive(refused)).toThrow(/201 ms ahead .* 200 ms/);
    expect(hlc.now()).toBe(timestampOf(startMs));
    hlc.receive(allowed);
    expect(hlc.now()).toBe(allowed + 1);
  });

  it("admits tells of the clock's own timestamp too: refused once the wall clock fell behind it", () => {
    const { clock, hlc } = setUp();
    clock.jump(-1_000);
    expect(hlc.admits(hlc.now())).toBe(true);
    clock.jump(-1_000);
    expect(hlc.admits(hlc.now())).toBe(false);
  });

  it('refuses what is no timestamp before anything else', () => {
    const { hlc } = setUp();
    for (const wrong of [Number.NaN, -1, 0.5, 2 ** 53]) {
      expect(() => hlc.receive(wrong as Timestamp)).toThrow(invalid);
      expect(() => hlc.admits(wrong as Timestamp)).toThrow(invalid);
      expect(() => hlc.ceilingPersisted(wrong as Timestamp)).toThrow(invalid);
    }
    for (const wrong of ['5', 5n, null, undefined]) {
      expect(() => hlc.receive(wrong as unknown as Timestamp)).toThrow(TypeError);
      expect(() => hlc.ceilingPersisted(wrong as unknown as Timestamp)).toThrow(TypeError);
    }
  });
});

describe('hybrid logical clock: readings', () => {
  it('a reading is the later of wall clock and newest known, and later timestamps are above it', () => {
    const { clock, hlc } = setUp();
    expect(hlc.current()).toBe(timestampOf(startMs));
    expect(hlc.now()).toBe(timestampOf(startMs, 1));
    hlc.receive(timestampOf(startMs + 90, 3));
    expect(hlc.current()).toBe(timestampOf(startMs + 90, 3));
    clock.jump(-1_000);
    expect(hlc.current()).toBe(timestampOf(startMs + 90, 3));
  });

  it('a reading makes no ceiling due', () => {
    const { clock, hlc } = setUp();
    hlc.current();
    clock.advance(10_000);
    hlc.current();
    expect(hlc.ceilingDue()).toBeUndefined();
  });
});

describe('hybrid logical clock: ceiling', () => {
  it('is due from the first timestamp on, half a step early, a step ahead', () => {
    const { clock, hlc } = setUp({ maxDriftMs: 400 });
    expect(hlc.ceilingDue()).toBeUndefined();
    const first = hlc.now();
    expect(first).toBeGreaterThan(hlc.ceiling());
    const ceiling = hlc.ceilingDue()!;
    expect(ceiling).toBe(plusMs(first, 200));
    expect(hlc.ceilingDue()).toBe(ceiling); // until it is persisted
    hlc.ceilingPersisted(ceiling);
    expect([hlc.ceiling(), hlc.ceilingDue()]).toEqual([ceiling, undefined]);
    clock.advance(99);
    hlc.now();
    expect(hlc.ceilingDue()).toBeUndefined();
    clock.advance(1);
    expect(hlc.ceilingDue()).toBeUndefined(); // an idle process writes nothing
    expect(plusMs(hlc.now(), 200)).toBe(hlc.ceilingDue());
  });

  it('reports in any order: the largest counts', () => {
    const { hlc } = setUp();
    hlc.ceilingPersisted(timestampOf(startMs + 200));
    hlc.ceilingPersisted(timestampOf(startMs + 100));
    expect(hlc.ceiling()).toBe(timestampOf(startMs + 200));
  });

  it('after a restart every timestamp is above the ceiling, though the wall clock was set back', () => {
    const ceiling = timestampOf(startMs + 5_000, 9);
    const { hlc } = setUp({ ceiling });
    expect([hlc.ceiling(), hlc.now()]).toEqual([ceiling, ceiling + 1]);
  });

  it('after a restart it is ready once the wall clock is within half the drift of the ceiling', () => {
    const { clock, hlc } = setUp({ ceiling: timestampOf(startMs + 1_000, 1) });
    expect(hlc.readyInMs()).toBe(751);
    clock.advance(750.5);
    expect(hlc.readyInMs()).toBe(1);
    clock.advance(0.5);
    expect(hlc.readyInMs()).toBe(0);
    expect(hlc.admits(hlc.now())).toBe(true);
  });

  it('a new data directory is ready at once', () => {
    expect(setUp().hlc.readyInMs()).toBe(0);
  });
});

describe('hybrid logical clock: unusable clocks and options', () => {
  it.each([0, Date.UTC(2019, 11, 31), Date.UTC(2090, 0, 1)])(
    'a wall clock that reads %d issues nothing and says so',
    (nowMs) => {
      let reading = nowMs;
      const hlc = createHybridLogicalClock({}, { clock: { nowMs: () => reading } });
      for (const use of [() => hlc.now(), () => hlc.current(), () => hlc.admits(timestampOf(startMs))]) {
        expect(use).toThrow(drift);
      }
      expect(() => hlc.receive(maxTimestamp)).toThrow(drift);
      reading = startMs;
      expect(hlc.now()).toBe(timestampOf(startMs));
    },
  );

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, '5', undefined, null, 5n])(
    'a clock port that returns %p is a TypeError',
    (reading) => {
      const hlc = createHybridLogicalClock({}, { clock: { nowMs: () => reading as number } });
      expect(() => hlc.now()).toThrow(TypeError);
      expect(() => hlc.readyInMs()).toThrow(TypeError);
    },
  );

  it('the last timestamp of all is issued, and nothing after it', () => {
    const { hlc } = setUp({ ceiling: (maxTimestamp - 1) as Timestamp });
    expect(hlc.now()).toBe(maxTimestamp);
    expect(hlc.ceilingDue()).toBe(maxTimestamp);
    expect(() => hlc.now()).toThrow(drift);
    expect(hlc.current()).toBe(maxTimestamp);
  });

  it('options out of range are refused', () => {
    for (const maxDriftMs of [0, -1, 9, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => setUp({ maxDriftMs })).toThrow(invalid);
    }
    expect(() => setUp({ maxDriftMs: '500' as unknown as number })).toThrow(TypeError);
    expect(() => setUp({ ceiling: -1 as Timestamp })).toThrow(invalid);
    expect(() => setUp({ ceiling: '1' as unknown as Timestamp })).toThrow(TypeError);
    expect(setUp({ maxDriftMs: undefined, ceiling: undefined }).hlc.now()).toBe(timestampOf(startMs));
  });
});

type Step =
  { kind: 'advance' | 'jump' | 'receive'; ms: number } | { kind: 'now' | 'current' | 'persist' | 'crash' };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.constant({ kind: 'now' as const }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('advance' as const), ms: fc.nat(400) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('jump' as const),
      ms: fc.integer({ min: -100_000, max: 100_000 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('receive' as const), ms: fc.integer({ min: -400, max: 900 }) }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'current' as const }) },
  { weight: 4, arbitrary: fc.constant({ kind: 'persist' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'crash' as const }) },
);

describe('hybrid logical clock: properties over any history', () => {
  it('T1: what left the process strictly increases, across clock movements and crashes; T2: drift is refused unmerged', () => {
    let crashes = 0;
    let refusals = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 120, size: 'max' }), (steps) => {
        const clock = createManualClock({ nowMs: startMs });
        let hlc = createHybridLogicalClock({}, { clock });
        let known = -1; // the newest timestamp that this life issued, read or received
        let left = -1; // the newest timestamp that left the process, over all lives
        let waiting: Timestamp[] = [];

        for (const step of steps) {
          if (step.kind === 'advance') clock.advance(step.ms);
          if (step.kind === 'jump') clock.jump(step.ms);
          if (step.kind === 'now') {
            const issued = hlc.now();
            expect(issued).toBeGreaterThan(known);
            expect(issued).toBeGreaterThan(left);
            known = issued;
            waiting.push(issued);
            // Never above the ceiling unnoticed.
            if (issued > hlc.ceiling()) expect(hlc.ceilingDue()).toBeGreaterThanOrEqual(issued);
          }
          if (step.kind === 'current') {
            const reading = hlc.current();
            expect(reading).toBeGreaterThanOrEqual(known);
            known = reading;
          }
          if (step.kind === 'receive') {
            const remote = timestampOf(clock.nowMs() + step.ms, 5);
            if (step.ms <= 500) {
              hlc.receive(remote);
              known = Math.max(known, remote);
            } else {
              refusals += 1;
              const before = hlc.current();
              expect(() => hlc.receive(remote)).toThrow(drift);
              expect(hlc.current()).toBe(before);
              known = before;
            }
          }
          if (step.kind === 'persist') {
            const due = hlc.ceilingDue();
            if (due !== undefined) hlc.ceilingPersisted(due);
            for (const timestamp of waiting) if (timestamp <= hlc.ceiling()) left = Math.max(left, timestamp);
            waiting = waiting.filter((timestamp) => timestamp > hlc.ceiling());
            expect(waiting).toEqual([]);
          }
          if (step.kind === 'crash') {
            crashes += 1;
            hlc = createHybridLogicalClock({ ceiling: hlc.ceiling() }, { clock });
            known = -1;
            waiting = [];
          }
        }
      }),
      { numRuns: 300 },
    );
    expect(crashes).toBeGreaterThan(100);
    expect(refusals).toBeGreaterThan(100);
  });

  it('causality: along any chain of messages between drifting clocks, timestamps increase', () => {
    const hop = fc.record({
      to: fc.nat(3),
      passesMs: fc.nat(50),
      jumpsMs: fc.integer({ min: -80, max: 80 }),
    });
    fc.assert(
      fc.property(fc.array(hop, { maxLength: 60 }), (hops) => {
        const clocks = Array.from({ length: 4 }, () => createManualClock({ nowMs: startMs }));
        const nodes = clocks.map((clock) => createHybridLogicalClock({ maxDriftMs: 3_600_000 }, { clock }));
        let message = nodes[0]!.now();
        for (const { to, passesMs, jumpsMs } of hops) {
          for (const clock of clocks) clock.advance(passesMs);
          clocks[to]!.jump(jumpsMs);
          nodes[to]!.receive(message);
          const answer = nodes[to]!.now();
          expect(answer).toBeGreaterThan(message);
          message = answer;
        }
      }),
    );
  });

  it('T3: versions are unique, though all wall clocks stand still and nodes restart', () => {
    const use = fc.record({ node: fc.nat(2), restarts: fc.boolean() });
    fc.assert(
      fc.property(fc.array(use, { maxLength: 60 }), (uses) => {
        const clock = createManualClock({ nowMs: startMs });
        const nodes = [1, 2, 3].map((member) => ({
          number: versionNode({ member, incarnation: 1 }),
          hlc: createHybridLogicalClock({}, { clock }),
        }));
        const versions: Version[] = [];
        for (const { node, restarts } of uses) {
          const user = nodes[node]!;
          if (restarts) user.hlc = createHybridLogicalClock({ ceiling: user.hlc.ceiling() }, { clock });
          const timestamp = user.hlc.now();
          const due = user.hlc.ceilingDue();
          if (due !== undefined) user.hlc.ceilingPersisted(due);
          versions.push({ timestamp, node: user.number });
        }
        versions.sort(compareVersions);
        for (let at = 1; at < versions.length; at += 1) {
          expect(compareVersions(versions[at - 1]!, versions[at]!)).toBeLessThan(0);
        }
      }),
    );
  });

  it('once ready after a restart, its timestamps are admitted by any clock half a drift behind', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -5_000, max: 5_000 }),
        fc.integer({ min: 10, max: 2_000 }),
        (aheadMs, maxDriftMs) => {
          const clock = createManualClock({ nowMs: startMs });
          const ceiling = timestampOf(startMs + aheadMs, 4095);
          const hlc = createHybridLogicalClock({ maxDriftMs, ceiling }, { clock });
          clock.advance(hlc.readyInMs());
          expect(hlc.readyInMs()).toBe(0);
          const behind = { nowMs: () => clock.nowMs() - Math.floor(maxDriftMs / 2) + 1 };
          expect(createHybridLogicalClock({ maxDriftMs }, { clock: behind }).admits(hlc.now())).toBe(true);
        },
      ),
    );
  });
});
