import { describe, expect, it } from '@jest/globals';

import { settlingMs, trialRestsFor, trialSample, trialVainMax } from '../limits.js';
import { Agreement } from './agreement.js';

const slot = 7;

function asked(agreement: Agreement, reads: number, nowMs: number): boolean[] {
  return Array.from({ length: reads }, () => agreement.isLikely(slot, nowMs));
}

describe('agreement of owners', () => {
  it('is likely once a write has settled, and of what was not written', () => {
    for (const nowMs of [1_000.5, 2 ** 32 - 1, 2 ** 40 + 1_000]) {
      const agreement = new Agreement();
      agreement.written(slot, nowMs);
      expect(agreement.isLikely(slot, nowMs)).toBe(false);
      expect(agreement.isLikely(slot, nowMs + settlingMs - 1)).toBe(false);
      expect(agreement.isLikely(slot, nowMs + settlingMs)).toBe(true);
      expect(agreement.isLikely(slot + 1, nowMs)).toBe(true);
    }
  });

  it('is likely at once of what the two were given', () => {
    for (const nowMs of [5.5, 2 ** 32 + 1, 2 ** 40 + 1_000]) {
      const agreement = new Agreement();
      agreement.written(slot, nowMs);
      agreement.settled(slot, nowMs);
      expect(agreement.isLikely(slot, nowMs)).toBe(true);
    }
  });

  it.each([
    [
      'was just written',
      (agreement: Agreement) => {
        agreement.written(slot, 1_000);
      },
    ],
    [
      'was compared in vain',
      (agreement: Agreement) => {
        for (let read = 0; read <= trialVainMax; read += 1) agreement.refuted();
      },
    ],
  ])('is not asked about for a while after much of it %s, and then again', (_what, meet) => {
    const agreement = new Agreement();
    meet(agreement);
    asked(agreement, trialSample, 1_000);
    expect(agreement.isUnlikely).toBe(true);
    const laterMs = 1_000 + settlingMs;
    expect(asked(agreement, trialRestsFor, laterMs)).not.toContain(true);
    expect(agreement.isUnlikely).toBe(false);
    expect(asked(agreement, trialSample, laterMs)).not.toContain(false);
  });
});
