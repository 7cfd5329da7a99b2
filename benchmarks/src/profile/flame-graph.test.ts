import { describe, expect, it } from '@jest/globals';

import { callsOf, type CpuProfile } from './cpu-profile.js';
import { drawFlameGraph } from './flame-graph.js';
import { busyShare, topFunctions } from './top-functions.js';

const frame = (functionName: string, url = '') => ({ functionName, url, lineNumber: 9 });

/** root → idle; root → main → work, root → main → "" → work. A sample each 10 µs. */
const profile: CpuProfile = {
  nodes: [
    { id: 1, callFrame: frame('(root)'), children: [2, 3] },
    { id: 2, callFrame: frame('(idle)') },
    { id: 3, callFrame: frame('main', 'file:///a/b/main.js'), children: [4, 5] },
    { id: 4, callFrame: frame('work', 'file:///x/node_modules/lib/work.js') },
    { id: 5, callFrame: frame(''), children: [6] },
    { id: 6, callFrame: frame('work', 'file:///x/node_modules/lib/work.js') },
  ],
  samples: [2, 2, 3, 4, 6, 6, 2],
  timeDeltas: [0, 10, 10, 10, 10, 10, 10],
};

describe('callsOf', () => {
  const root = callsOf(profile);

  it('counts each sample until the next, for itself and for all callers', () => {
    expect(root).toMatchObject({ totalUs: 60, selfUs: 0 });
    const main = root.children.find(({ name }) => name === 'main')!;
    expect(main).toMatchObject({ place: 'b/main.js:10', origin: 'ours', totalUs: 40, selfUs: 10 });
    expect(main.children.map(({ name, totalUs }) => [name, totalUs])).toEqual([
      ['work', 10],
      ['(anonymous)', 20],
    ]);
    expect(main.children[0]).toMatchObject({ origin: 'library' });
  });

  it('adds up functions over their callers, of the time that was not idle', () => {
    expect(topFunctions(root, 5)).toEqual([
      { name: 'work', place: 'lib/work.js:10', selfUs: 30, share: 0.75 },
      { name: 'main', place: 'b/main.js:10', selfUs: 10, share: 0.25 },
    ]);
    expect(busyShare(root)).toBeCloseTo(4 / 6);
  });

  it('draws a box for each call that is wide enough, none for waiting', () => {
    const svg = drawFlameGraph('a & b', root);
    expect(svg.match(/<g>/g)).toHaveLength(4);
    expect(svg).toContain('<title>work lib/work.js:10: 25.0 %, of its own 25.0 %</title>');
    expect(svg).toContain('a &amp; b');
    expect(svg).not.toContain('(idle)');
  });
});
