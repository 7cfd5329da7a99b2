import { describe, expect, it } from '@jest/globals';

import { drawBars } from './bar-plot.js';
import { drawLines } from './line-plot.js';
import { drawPlot, plotsOf } from './plots.js';
import { resultOf } from './results.fixture.js';
import { createScale, short } from './svg.js';

describe('createScale', () => {
  it('reaches round numbers beyond the largest value', () => {
    const scale = createScale('linear', [3, 47], [0, 100]);
    expect(scale.ticks).toEqual([0, 10, 20, 30, 40, 50]);
    expect(scale.at(25)).toBe(50);
  });

  it('takes powers of ten around the values where it is logarithmic', () => {
    const scale = createScale('log', [20, 900], [0, 100]);
    expect(scale.ticks).toEqual([10, 100, 1000]);
    expect(scale.at(100)).toBeCloseTo(50);
    expect(scale.at(0)).toBe(0);
  });
});

describe('short', () => {
  it.each([
    [12, '12'],
    [1500, '1.5 k'],
    [2_000_000, '2 M'],
  ])('%d is %s', (value, text) => expect(short(value)).toBe(text));
});

describe('plotsOf', () => {
  const results = [64, 1, 256].flatMap((inFlight) =>
    ['put', 'get'].map((workload) =>
      resultOf({ inFlight, workload: workload as 'put' | 'get', opsPerSecond: inFlight * 10 }),
    ),
  );

  it('draws a figure for what was measured, and none for what was not', () => {
    expect(plotsOf(results).map(({ name }) => name)).toEqual(['throughput-rate', 'throughput-latency']);
    expect(plotsOf([])).toEqual([]);
  });

  it('has a line for each load, its points in order', () => {
    const [plot] = plotsOf(results);
    expect(plot!.drawing.series.map(({ name }) => name)).toEqual(['put, quorum', 'get, quorum']);
    const svg = drawPlot(plot!);
    expect(svg.match(/<polyline/g)).toHaveLength(2);
    expect(svg.match(/<circle/g)).toHaveLength(6);
    const xs = /points="([^"]*)"/
      .exec(svg)![1]!
      .split(' ')
      .map((point) => Number(point.split(',')[0]));
    expect(xs).toEqual([...xs].sort((a, b) => a - b));
  });
});

describe('drawBars', () => {
  const frame = { title: 'a < b', xLabel: '', yLabel: '' };

  it('draws no bar where there is no value, and escapes names', () => {
    const svg = drawBars({
      ...frame,
      kind: 'bars',
      groups: ['one', 'two'],
      series: [
        { name: 'kv & co', values: [1, NaN] },
        { name: 'etcd', values: [2, 3] },
      ],
    });
    // Three bars, two colours of the legend, the background.
    expect(svg.match(/<rect/g)).toHaveLength(6);
    expect(svg).toContain('kv &amp; co');
    expect(svg).toContain('a &lt; b');
    expect(svg).not.toContain('NaN');
  });

  it('draws a line of zeroes', () => {
    const series = [{ name: 'none', points: [{ x: 1, y: 0 }] }];
    expect(drawLines({ ...frame, kind: 'lines', xScale: 'linear', yScale: 'linear', series })).not.toContain(
      'NaN',
    );
  });
});
