import { describe, expect, it } from '@jest/globals';
import { createManualClock, type ManualClock } from '@kv/testing';
import fc from 'fast-check';

import {
  createClockFence,
  createHybridLogicalClock,
  timestampOf,
  type ClockFence,
  type PeerObservation,
} from './index.js';

const hourMs = 3_600_000;
const invalid = expect.objectContaining({ code: 'invalid-argument' });

function setUp(maxDriftMs?: number) {
  const clock = createManualClock();
  return { clock, fence: createClockFence({ maxDriftMs }, { clock }) };
}

interface Question {
  readonly clock: ManualClock;
  readonly fence: ClockFence;
  readonly member: number;
  /** The peer's wall clock minus ours. */
  readonly aheadMs?: number;
  readonly roundTripMs?: number;
}

/** Asks a peer, whose clock is read half-way. */
function ask({ clock, fence, member, aheadMs = 0, roundTripMs = 2 }: Question): void {
  const sentAtMonotonicMs = clock.monotonicMs();
  clock.advance(roundTripMs / 2);
  const peerWallMs = clock.nowMs() + aheadMs;
  clock.advance(roundTripMs / 2);
  fence.observePeer({ member, peerWallMs, sentAtMonotonicMs, receivedAtMonotonicMs: clock.monotonicMs() });
}

/** A machine that slept: its wall clock went on, its monotonic clock stood still. */
function sleep(clock: ManualClock, ms: number): void {
  clock.jump(ms);
}

describe('clock fence: a wall clock that jumps', () => {
  it.each([-hourMs, -251, 251, hourMs])('by %d ms is fenced at once', (ms) => {
    const { clock, fence } = setUp();
    clock.advance(5_000);
    expect(fence.verdict()).toBe('ok');
    clock.jump(ms);
    expect(fence.verdict()).toBe('jumped');
  });

  it.each([-250, 250])('by %d ms, half the drift, is let pass', (ms) => {
    const { clock, fence } = setUp();
    clock.jump(ms);
    expect(fence.verdict()).toBe('ok');
  });

  it('in small steps is fenced when they add up', () => {
    const { clock, fence } = setUp();
    for (const expected of ['ok', 'ok', 'jumped']) {
      clock.jump(100);
      clock.advance(1_000);
      expect(fence.verdict()).toBe(expected);
    }
  });

  it('is trusted again when it comes back', () => {
    const { clock, fence } = setUp();
    clock.jump(hourMs);
    expect(fence.verdict()).toBe('jumped');
    clock.advance(60_000);
    clock.jump(-hourMs);
    expect(fence.verdict()).toBe('ok');
  });

  it('follows maxDriftMs', () => {
    const { clock, fence } = setUp(2_000);
    clock.jump(1_000);
    expect(fence.verdict()).toBe('ok');
    clock.jump(1);
    expect(fence.verdict()).toBe('jumped');
  });

  it('a pause between two readings is no jump, and does not hide one for longer than itself', () => {
    const clock = createManualClock();
    let pauseMs = 0;
    const interrupted = {
      nowMs() {
        const reading = clock.nowMs();
        clock.advance(pauseMs);
        return reading;
      },
      monotonicMs: () => clock.monotonicMs(),
    };
    const fence = createClockFence({}, { clock: interrupted });
    pauseMs = 5_000;
    expect([fence.verdict(), fence.verdict()]).toEqual(['ok', 'ok']);
    pauseMs = 0;
    expect(fence.verdict()).toBe('ok');
    clock.jump(-1_000);
    pauseMs = 5_000;
    fence.sample();
    pauseMs = 0;
    expect(fence.verdict()).toBe('jumped');
  });
});

describe('clock fence: without peers', () => {
  it('a new time is believed after ten steady seconds', () => {
    const { clock, fence } = setUp();
    sleep(clock, 8 * hourMs);
    expect(fence.verdict()).toBe('jumped');
    clock.advance(9_999);
    expect(fence.verdict()).toBe('jumped');
    clock.advance(1);
    expect(fence.verdict()).toBe('ok');
    clock.jump(-hourMs);
    expect(fence.verdict()).toBe('jumped');
  });

  it('every further jump starts the ten seconds anew', () => {
    const { clock, fence } = setUp();
    for (let round = 0; round < 5; round += 1) {
      clock.jump(hourMs);
      expect(fence.verdict()).toBe('jumped');
      clock.advance(9_000);
      expect(fence.verdict()).toBe('jumped');
    }
    clock.advance(1_000);
    expect(fence.verdict()).toBe('ok');
  });
});

describe('clock fence: after a jump, with peers', () => {
  it('time alone never heals it', () => {
    const { clock, fence } = setUp();
    ask({ clock, fence, member: 2 });
    clock.jump(hourMs);
    expect(fence.verdict()).toBe('jumped');
    clock.advance(24 * hourMs);
    expect(fence.verdict()).toBe('jumped');
  });

  it('a forward suspend does not fence for ever: trusted as soon as the peers heard since agree', () => {
    const { clock, fence } = setUp();
    ask({ clock, fence, member: 2 });
    ask({ clock, fence, member: 3 });
    sleep(clock, 8 * hourMs);
    expect(fence.verdict()).toBe('jumped');
    clock.advance(1);
    ask({ clock, fence, member: 3 });
    expect(fence.verdict()).toBe('ok');
  });

  it('a tie among the peers heard since is no majority', () => {
    const { clock, fence } = setUp();
    clock.jump(hourMs);
    fence.sample();
    clock.advance(1);
    ask({ clock, fence, member: 2, aheadMs: -hourMs });
    ask({ clock, fence, member: 3 });
    expect(fence.verdict()).toBe('jumped');
    ask({ clock, fence, member: 4 });
    expect(fence.verdict()).toBe('ok');
  });

  it('a wall clock set wrongly stays fenced, whatever the peers said before', () => {
    const { clock, fence } = setUp();
    ask({ clock, fence, member: 2, aheadMs: hourMs });
    clock.jump(hourMs); // now equal to what member 2 said an hour ahead of us
    expect(fence.verdict()).toBe('jumped');
    clock.advance(1);
    ask({ clock, fence, member: 2, aheadMs: -hourMs });
    expect(fence.verdict()).toBe('jumped');
  });

  it('an answer to a question from before the jump counts for nothing', () => {
    const { clock, fence } = setUp();
    const sentAtMonotonicMs = clock.monotonicMs();
    clock.advance(1);
    sleep(clock, hourMs);
    const observation = { member: 2, peerWallMs: clock.nowMs(), sentAtMonotonicMs };
    fence.observePeer({ ...observation, receivedAtMonotonicMs: clock.monotonicMs() });
    expect(fence.verdict()).toBe('jumped');
    clock.advance(20_000);
    expect(fence.verdict()).toBe('jumped'); // and yet the peer is known: ten steady seconds are not enough
  });

  it('the last peer forgotten, ten steady seconds are enough', () => {
    const { clock, fence } = setUp();
    ask({ clock, fence, member: 2 });
    clock.jump(hourMs);
    fence.sample();
    fence.forgetPeer(2);
    clock.advance(10_000);
    expect(fence.verdict()).toBe('ok');
  });
});

describe('clock fence: as the wall clock of a hybrid logical clock', () => {
  it('carries the time before a jump on, and follows the wall clock otherwise', () => {
    const { clock, fence } = setUp();
    const startMs = clock.nowMs();
    clock.advance(10);
    clock.jump(100);
    expect(fence.nowMs()).toBe(startMs + 110);
    clock.jump(hourMs);
    clock.advance(5);
    expect(fence.nowMs()).toBe(startMs + 15); // the offset trusted, which follows 100 ms only slowly
    clock.advance(10_000);
    expect(fence.nowMs()).toBe(clock.nowMs()); // no peers: believed
  });

  it('a jump forward that is undone leaves no timestamp in the future', () => {
    const { clock, fence } = setUp();
    const hlc = createHybridLogicalClock({}, { clock: fence });
    ask({ clock, fence, member: 2 });
    clock.jump(hourMs);
    hlc.current();
    clock.advance(1_000);
    hlc.current();
    clock.jump(-hourMs);
    expect(fence.verdict()).toBe('ok');
    expect(hlc.now() - timestampOf(clock.nowMs())).toBeLessThan(4096);
  });
});

describe('clock fence: peers that disagree', () => {
  it('a majority of all known peers fences', () => {
    const { clock, fence } = setUp();
    ask({ clock, fence, member: 2, aheadMs: 1_000 });
    expect(fence.verdict()).toBe('disagrees');
    ask({ clock, fence, member: 3 });
    expect(fence.verdict()).toBe('ok');
    ask({ clock, fence, member: 4, aheadMs: -1_000 });
    expect(fence.verdict()).toBe('disagrees');
  });

  it('the newest answer of a peer counts', () => {
    const { clock, fence } = setUp();
    ask({ clock, fence, member: 2, aheadMs: 1_000 });
    expect(fence.verdict()).toBe('disagrees');
    ask({ clock, fence, member: 2 });
    expect(fence.verdict()).toBe('ok');
    const late = { member: 2, peerWallMs: 0, sentAtMonotonicMs: 1_000, receivedAtMonotonicMs: 1_001 };
    fence.observePeer(late);
    expect(fence.verdict()).toBe('ok');
  });

  it('one of two peers silent, the other alone does not fence', () => {
    const { clock, fence } = setUp();
    ask({ clock, fence, member: 2 });
    ask({ clock, fence, member: 3 });
    clock.advance(120_000);
    ask({ clock, fence, member: 3, aheadMs: 1_000 });
    expect(fence.verdict()).toBe('ok');
    fence.forgetPeer(2);
    expect(fence.verdict()).toBe('disagrees');
  });

  it('an old answer expires', () => {
    const { clock, fence } = setUp();
    ask({ clock, fence, member: 2, aheadMs: 1_000 });
    clock.advance(60_000);
    expect(fence.verdict()).toBe('disagrees');
    clock.advance(1_001);
    expect(fence.verdict()).toBe('ok');
  });

  it('a slow answer proves neither agreement nor disagreement', () => {
    const { clock, fence } = setUp();
    ask({ clock, fence, member: 2, aheadMs: 1_400, roundTripMs: 2_000 });
    expect(fence.verdict()).toBe('ok');
    clock.jump(hourMs);
    fence.sample();
    clock.advance(1);
    ask({ clock, fence, member: 2, roundTripMs: 2_000 });
    expect(fence.verdict()).toBe('jumped');
    ask({ clock, fence, member: 2, roundTripMs: 500 });
    expect(fence.verdict()).toBe('ok');
  });

  it('an operator who sets the wrong clock right is believed once a peer was heard', () => {
    const { clock, fence } = setUp();
    ask({ clock, fence, member: 2, aheadMs: hourMs });
    expect(fence.verdict()).toBe('disagrees');
    clock.jump(hourMs);
    expect(fence.verdict()).toBe('jumped');
    clock.advance(1);
    ask({ clock, fence, member: 2 });
    expect(fence.verdict()).toBe('ok');
  });
});

describe('clock fence: nonsense', () => {
  const sound: PeerObservation = { member: 2, peerWallMs: 5, sentAtMonotonicMs: 1, receivedAtMonotonicMs: 2 };

  it.each([
    ['member', 0],
    ['member', 65_536],
    ['member', 1.5],
    ['peerWallMs', Number.NaN],
    ['peerWallMs', Number.POSITIVE_INFINITY],
    ['sentAtMonotonicMs', 3],
    ['receivedAtMonotonicMs', 1e9],
  ])('an observation whose %s is %d is refused and makes nobody known', (field, value) => {
    const { clock, fence } = setUp();
    expect(() => fence.observePeer({ ...sound, [field]: value })).toThrow(invalid);
    clock.jump(hourMs);
    fence.sample();
    clock.advance(10_000);
    expect(fence.verdict()).toBe('ok');
  });

  it('an observation of wrong types is a TypeError', () => {
    const { fence } = setUp();
    expect(() => fence.observePeer({ ...sound, peerWallMs: '5' as unknown as number })).toThrow(TypeError);
    expect(() => fence.observePeer({ ...sound, member: undefined as unknown as number })).toThrow(TypeError);
  });

  it('a clock port that breaks its promise is reported', () => {
    let monotonicMs = 10;
    let wallMs = 5;
    const fence = createClockFence({}, { clock: { nowMs: () => wallMs, monotonicMs: () => monotonicMs } });
    monotonicMs = 9;
    expect(() => fence.verdict()).toThrow(expect.objectContaining({ code: 'clock-drift' }));
    monotonicMs = Number.NaN;
    expect(() => fence.verdict()).toThrow(TypeError);
    monotonicMs = 11;
    wallMs = Number.POSITIVE_INFINITY;
    expect(() => fence.verdict()).toThrow(TypeError);
    wallMs = 6;
    expect(fence.verdict()).toBe('ok');
    expect(() => setUp(0)).toThrow(invalid);
  });
});

describe('clock fence: properties', () => {
  it('a clock slewed by NTP (up to 500 ppm) is never fenced, if sampled every minute', () => {
    const stretch = fc.record({
      seconds: fc.integer({ min: 1, max: 60 }),
      ppm: fc.integer({ min: -500, max: 500 }),
    });
    fc.assert(
      fc.property(fc.array(stretch, { minLength: 50, maxLength: 150, size: 'max' }), (stretches) => {
        const { clock, fence } = setUp();
        for (const { seconds, ppm } of stretches) {
          clock.advance(seconds * 1_000);
          clock.jump((seconds * ppm) / 1_000);
          expect(fence.verdict()).toBe('ok');
        }
      }),
    );
  });

  it('after any sleeps and jumps, one sound round with honest peers heals the fence', () => {
    const event = fc.record({ jumpMs: fc.integer({ min: -hourMs, max: hourMs }), passesMs: fc.nat(5_000) });
    fc.assert(
      fc.property(fc.array(event, { minLength: 1, maxLength: 20 }), fc.nat(6), (events, peerCount) => {
        const { clock, fence } = setUp();
        const askAll = () => {
          for (let member = 2; member < 2 + peerCount; member += 1) ask({ clock, fence, member });
        };
        askAll();
        for (const { jumpMs, passesMs } of events) {
          const trustedBefore = fence.verdict() === 'ok';
          clock.jump(jumpMs);
          if (trustedBefore && Math.abs(jumpMs) > 500) expect(fence.verdict()).toBe('jumped');
          else fence.sample();
          clock.advance(passesMs);
        }
        if (peerCount === 0) clock.advance(10_000);
        clock.advance(1);
        askAll();
        expect(fence.verdict()).toBe('ok');
      }),
    );
  });

  it('in a cluster with a minority of wrong clocks, exactly the wrong ones are fenced', () => {
    const wrongByMs = fc.integer({ min: 700, max: hourMs }).chain((ms) => fc.constantFrom(ms, -ms));
    const scene = fc.constantFrom(3, 5, 7).chain((size) =>
      fc.record({
        size: fc.constant(size),
        wrong: fc.array(wrongByMs, { minLength: 1, maxLength: (size - 1) / 2 }),
      }),
    );
    fc.assert(
      fc.property(scene, fc.integer({ min: 1, max: 150 }), ({ size, wrong }, roundTripMs) => {
        const off = (index: number) => wrong[index] ?? 0;
        for (let self = 0; self < size; self += 1) {
          const { clock, fence } = setUp();
          for (let peer = 0; peer < size; peer += 1) {
            if (peer === self) continue;
            ask({ clock, fence, member: peer + 1, aheadMs: off(peer) - off(self), roundTripMs });
          }
          const alone = wrong.filter((ms) => Math.abs(ms - off(self)) <= 700).length;
          if (off(self) === 0) expect(fence.verdict()).toBe('ok');
          else if (alone === 1) expect(fence.verdict()).toBe('disagrees');
        }
      }),
    );
  });
});
