import { describe, expect, it } from '@jest/globals';

import { trialRestsFor, trialSample, trialVainMax } from '../limits.js';
import { Trial } from './trial.js';

function tried(trial: Trial, times: number): boolean[] {
  return Array.from({ length: times }, () => trial.isWorthIt());
}

function inVain(trial: Trial, times: number): void {
  for (let time = 0; time < times; time += 1) trial.wasInVain();
}

describe('a trial', () => {
  it('rests for a while after much of a sample was in vain, and goes on then', () => {
    const trial = new Trial();
    inVain(trial, trialVainMax + 1);
    expect(tried(trial, trialSample)).not.toContain(false);
    expect(tried(trial, trialRestsFor)).not.toContain(true);
    expect(tried(trial, 2 * trialSample)).not.toContain(false);
  });

  it('is not judged by what was under way when a rest began', () => {
    const trial = new Trial();
    inVain(trial, trialVainMax + 1);
    tried(trial, trialSample);
    inVain(trial, trialVainMax + 1);
    tried(trial, trialRestsFor);
    expect(tried(trial, 2 * trialSample)).not.toContain(false);
  });

  it('goes on where little is in vain', () => {
    const trial = new Trial();
    for (let sample = 0; sample < 3; sample += 1) {
      inVain(trial, trialVainMax);
      expect(tried(trial, trialSample)).not.toContain(false);
    }
  });
});
