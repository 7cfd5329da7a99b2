import { describe, expect, it } from '@jest/globals';

import { comparedReadsVainMax, comparingRestsForReads, comparingSampleReads, settlingMs } from '../limits.js';
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
        for (let read = 0; read <= comparedReadsVainMax; read += 1) agreement.refuted();
      },
    ],
  ])('is not asked about for a while after much of it %s, and then again', (_what, meet) => {
    const agreement = new Agreement();
    meet(agreement);
    asked(agreement, comparingSampleReads, 1_000);
    const laterMs = 1_000 + settlingMs;
    expect(asked(agreement, comparingRestsForReads, laterMs)).not.toContain(true);
    expect(asked(agreement, comparingSampleReads, laterMs)).not.toContain(false);
  });

  it('is not judged by what was under way when a rest began', () => {
    const agreement = new Agreement();
    const refute = (times: number): void => {
      for (let read = 0; read < times; read += 1) agreement.refuted();
    };
    refute(comparedReadsVainMax + 1);
    asked(agreement, comparingSampleReads, 1_000);
    refute(comparedReadsVainMax + 1);
    asked(agreement, comparingRestsForReads, 1_000);
    expect(asked(agreement, 2 * comparingSampleReads, 1_000)).not.toContain(false);
  });

  it('is taken for likely where little is in vain', () => {
    const agreement = new Agreement();
    for (let sample = 0; sample < 3; sample += 1) {
      for (let read = 0; read < comparedReadsVainMax; read += 1) agreement.refuted();
      expect(asked(agreement, comparingSampleReads, 1_000)).not.toContain(false);
    }
  });
});
