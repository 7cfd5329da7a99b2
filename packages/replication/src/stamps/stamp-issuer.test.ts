import { describe, expect, it } from '@jest/globals';
import { createHybridLogicalClock, plusMs, type Timestamp, timestampOf } from '@kv/hlc';
import { createManualClock } from '@kv/testing';

import { createStampIssuer } from './stamp-issuer.js';

const startMs = 1_780_000_000_000;

function setUp(options: { ceiling?: Timestamp } = {}) {
  const clock = createManualClock({ nowMs: startMs });
  const hlc = createHybridLogicalClock(options, { clock });
  const fence = { state: 'ok' as 'ok' | 'jumped' | 'disagrees' };
  const persisted: Timestamp[] = [];
  const disk = { broken: false, release: undefined as (() => void) | undefined, slow: false };
  const issuer = createStampIssuer({
    hlc,
    fence: { verdict: () => fence.state },
    ceilings: {
      async persistCeiling(ceiling) {
        if (disk.slow) await new Promise<void>((resolve) => (disk.release = resolve));
        if (disk.broken) throw new Error('EIO');
        persisted.push(ceiling);
      },
    },
  });
  return { clock, hlc, fence, persisted, disk, issuer };
}

describe('rule 17: no stamp leaves above the durable ceiling', () => {
  it('rule 17: the first stamp waits for it, the next ones do not', async () => {
    const { issuer, disk, persisted, hlc } = setUp();
    disk.slow = true;
    let issued = 0;
    const first = Promise.resolve(issuer.issue()).then((result) => {
      issued += 1;
      return result;
    });
    await Promise.resolve();
    expect(issued).toBe(0);
    disk.release!();
    const result = await first;
    expect(result.kind === 'stamped' && result.timestamp <= hlc.ceiling()).toBe(true);
    for (let index = 0; index < 100; index += 1)
      expect(await issuer.issue()).toMatchObject({ kind: 'stamped' });
    expect(persisted).toHaveLength(1);
  });

  it('rule 17: the ceiling is raised ahead of a busy process, one write at a time, and never for an idle one', async () => {
    const { clock, issuer, disk, persisted } = setUp();
    await issuer.issue();
    clock.advance(200);
    disk.slow = true;
    // Within half a step of the ceiling: one write begins, and nobody waits for it.
    expect(await issuer.issue()).toMatchObject({ kind: 'stamped' });
    expect(await issuer.issue()).toMatchObject({ kind: 'stamped' });
    disk.slow = false;
    disk.release!();
    await Promise.resolve();
    await Promise.resolve();
    expect(persisted).toHaveLength(2);
    clock.advance(60_000);
    await Promise.resolve();
    expect(persisted).toHaveLength(2);
    expect(await issuer.issue()).toMatchObject({ kind: 'stamped' });
    expect(persisted).toHaveLength(3);
  });

  it('rule 17: every stamp was at or below a ceiling that was durable when it left', async () => {
    const { clock, issuer, persisted } = setUp();
    let last = 0;
    for (let index = 0; index < 200; index += 1) {
      const result = await issuer.issue();
      if (result.kind !== 'stamped') throw new Error(result.reason);
      expect(result.timestamp).toBeGreaterThan(last);
      expect(result.timestamp).toBeLessThanOrEqual(persisted.at(-1)!);
      last = result.timestamp;
      clock.advance((index * 7) % 90);
    }
  });

  it('rule 17: after a restart not before the clock has passed what was issued', async () => {
    const { clock, issuer } = setUp({ ceiling: timestampOf(startMs + 1_000) });
    expect(await issuer.issue()).toEqual({ kind: 'refused', reason: 'not-ready' });
    clock.advance(750);
    expect(await issuer.issue()).toMatchObject({ kind: 'stamped' });
  });

  it('rule 17: a fenced clock stamps nothing', async () => {
    const { fence, issuer } = setUp();
    fence.state = 'jumped';
    expect(await issuer.issue()).toEqual({ kind: 'refused', reason: 'fenced' });
  });

  it('rule 17: a clock set back far behind its own stamps refuses them like a stranger', async () => {
    const { clock, issuer } = setUp();
    await issuer.issue();
    clock.jump(-2_000);
    expect(await issuer.issue()).toEqual({ kind: 'refused', reason: 'drift' });
  });

  it('a disk that does not take the ceiling refuses the stamp, and the next one tries again', async () => {
    const { issuer, disk } = setUp();
    disk.broken = true;
    expect(await issuer.issue()).toEqual({ kind: 'refused', reason: 'storage' });
    disk.broken = false;
    expect(await issuer.issue()).toMatchObject({ kind: 'stamped' });
  });
});

describe('rule 11: bounds of a stamp', () => {
  it('rule 11: above what was asked, not above what is allowed (boundary conditions)', async () => {
    const { issuer } = setUp();
    const now = timestampOf(startMs);
    const above = await issuer.issue({ above: plusMs(now, 100) });
    expect(above).toEqual({ kind: 'stamped', timestamp: plusMs(now, 100) + 1 });
    const next = (plusMs(now, 100) + 2) as Timestamp;
    expect(await issuer.issue({ notAfter: next })).toEqual({ kind: 'stamped', timestamp: next });
    expect(await issuer.issue({ notAfter: next })).toEqual({ kind: 'refused', reason: 'ceiling' });
    expect(await issuer.issue({ above: plusMs(now, 501) })).toEqual({ kind: 'refused', reason: 'drift' });
  });
});
