import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';

import { playScenario } from './model/scenario.js';

/** Decisions as prose, in testdata/*.txt. KV_TEST_REWRITE=1 writes what the cores decide now: then read the diff. */
const folder = new URL('../testdata/', import.meta.url);

describe('scenarios', () => {
  it.each(readdirSync(folder))('%s', (name) => {
    const file = new URL(name, folder);
    const text = readFileSync(file, 'utf8');
    const played = playScenario(text);
    if (process.env['KV_TEST_REWRITE'] === '1') writeFileSync(file, played);
    else expect(played).toBe(text);
    expect(played.split('----').length).toBeGreaterThan(10);
  });

  it('a changed decision is noticed', () => {
    const scenario = 'write to a b c, 2 needed, stamp 10\n----\nsend round 1, stamp 10, to a b\n';
    expect(playScenario(scenario)).not.toBe(scenario);
  });
});
