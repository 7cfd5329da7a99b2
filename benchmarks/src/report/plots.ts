import type { Result } from '../cluster/result.js';
import { systemNames } from '../peers/system.js';
import { median } from '../storage/ratio.js';
import { type BarPlot, drawBars } from './bar-plot.js';
import { drawLines, type LinePlot, type Series } from './line-plot.js';
import { operationsPerCpuSecond } from './own-table.js';
import { select } from './select.js';

export interface Plot {
  /** Of the file, without its ending. */
  readonly name: string;
  readonly part: Result['part'];
  readonly drawing: LinePlot | BarPlot;
}

export function drawPlot({ drawing }: Plot): string {
  return drawing.kind === 'lines' ? drawLines(drawing) : drawBars(drawing);
}

/** One for each figure, of what was measured. */
export function plotsOf(results: readonly Result[]): Plot[] {
  const all = [
    ...throughputPlots(results, 'throughput'),
    ...throughputPlots(results, 'always'),
    ...ownBars(results),
    ...timelines(results),
    ...scalePlots(results),
    ...peerPlots(results),
  ];
  return all.filter(({ drawing }) => drawing.series.length > 0);
}

const rate = ({ opsPerSecond }: Result): number => opsPerSecond;

function throughputPlots(results: readonly Result[], part: 'throughput' | 'always'): Plot[] {
  const own = select(results, { part, system: 'kv', previous: false });
  const curves = (figure: (result: Result) => number, name = ''): Series[] =>
    seriesBy(
      own,
      ({ workload, level }) => `${workload}, ${level}${name}`,
      ({ inFlight }) => inFlight,
      figure,
    );
  const synced = part === 'always' ? ', synced' : '';
  const frame = { kind: 'lines', xLabel: 'operations in flight', xScale: 'log', yScale: 'log' } as const;
  return [
    {
      ...{ name: `${part}-rate`, part },
      drawing: {
        ...frame,
        title: `Operations per second${synced}`,
        yLabel: 'operations/s',
        series: curves(rate),
      },
    },
    {
      ...{ name: `${part}-latency`, part },
      drawing: {
        ...frame,
        title: `Latency${synced}`,
        yLabel: 'µs',
        series: [...curves(({ p50Us }) => p50Us, ', p50'), ...curves(({ p99Us }) => p99Us, ', p99')],
      },
    },
  ];
}

/** Parts without an order along which a curve could be drawn. */
function ownBars(results: readonly Result[]): Plot[] {
  const bars = (
    part: Result['part'],
    title: string,
    groupOf: (result: Result) => string,
    nameOf: (result: Result) => string,
    figure: (result: Result) => number = rate,
  ): Plot => ({
    ...{ name: part, part },
    drawing: {
      ...{ kind: 'bars', title, xLabel: '', yLabel: figure === rate ? 'operations/s' : 'µs' },
      ...grouped(select(results, { part }), groupOf, nameOf, figure),
    },
  });
  const p50 = ({ p50Us }: Result): number => p50Us;
  return [
    bars(
      'mixes',
      'Shares of reads, and hot keys',
      ({ workload }) => workload,
      ({ keyOrder }) => keyOrder,
    ),
    bars(
      'values',
      'Length of values',
      ({ valueBytes }) => `${valueBytes} B`,
      ({ workload }) => workload,
    ),
    bars(
      'clients',
      'Clients',
      ({ clients }) => String(clients),
      ({ workload }) => workload,
    ),
    bars(
      'ycsb',
      'YCSB',
      ({ workload }) => workload,
      () => 'kv',
    ),
    bars(
      'replication',
      'Until so many replicas acknowledged, p50',
      ({ level }) => level,
      ({ keyOrder }) => keyOrder,
      p50,
    ),
    bars(
      'levels',
      'Linearizable',
      ({ level }) => level,
      ({ workload }) => workload,
    ),
    bars(
      'one-in-flight',
      'One operation at a time, p50',
      ({ system, workload, level }) => (system === 'kv' ? `${workload} ${level}` : 'round trip'),
      ({ system }) => system,
      p50,
    ),
    bars(
      'overload',
      'At the knee, and ten times that',
      ({ inFlight }) => String(inFlight),
      ({ workload }) => workload,
    ),
  ];
}

function timelines(results: readonly Result[]): Plot[] {
  const over = (part: 'sustained' | 'memory', figures: Readonly<Record<string, TimelineFigure>>): Series[] =>
    select(results, { part }).flatMap(({ workload, timeline = [] }) =>
      Object.entries(figures).map(([name, figure]) => ({
        name: `${workload}${name}`,
        points: timeline.map((sample) => ({ x: sample.atSeconds, y: figure(sample) })),
      })),
    );
  const frame = { kind: 'lines', xLabel: 's', xScale: 'linear', yScale: 'linear' } as const;
  const resident = {
    ', nodes': ({ serverResidentBytes }) => (serverResidentBytes ?? 0) / 2 ** 20,
    ', client': ({ clientResidentBytes }) => (clientResidentBytes ?? 0) / 2 ** 20,
  } satisfies Record<string, TimelineFigure>;
  const sustained = over('sustained', { '': ({ opsPerSecond }) => opsPerSecond });
  const tails = over('sustained', { ', p50': ({ p50Us }) => p50Us, ', p99': ({ p99Us }) => p99Us });
  const memory = over('memory', resident);
  return [
    {
      ...{ name: 'sustained-rate', part: 'sustained' },
      drawing: { ...frame, title: 'Sustained', yLabel: 'operations/s', series: sustained },
    },
    {
      ...{ name: 'sustained-latency', part: 'sustained' },
      drawing: { ...frame, title: 'Sustained: latency', yLabel: 'µs', yScale: 'log', series: tails },
    },
    {
      ...{ name: 'memory', part: 'memory' },
      drawing: { ...frame, title: 'Resident memory at peak', yLabel: 'MiB', series: memory },
    },
  ];
}

type TimelineFigure = (sample: NonNullable<Result['timeline']>[number]) => number;

function scalePlots(results: readonly Result[]): Plot[] {
  const series = seriesBy(
    select(results, { part: 'scale' }),
    ({ workload, keys }) => `${workload}, ${keys.toLocaleString('en')} keys`,
    ({ nodes }) => nodes,
    (result) => operationsPerCpuSecond(result) ?? NaN,
  );
  const title = 'Operations per CPU-second, nodes and client together';
  const frame = {
    kind: 'lines',
    xScale: 'linear',
    yScale: 'linear',
    xLabel: 'nodes',
    yLabel: 'operations',
  } as const;
  return [{ name: 'scale', part: 'scale', drawing: { ...frame, title, series } }];
}

function peerPlots(results: readonly Result[]): Plot[] {
  const plot = (part: Result['part'], title: string): Plot => ({
    ...{ name: part, part },
    drawing: {
      ...{ kind: 'bars', title, xLabel: 'operations in flight', yLabel: 'operations/s' },
      ...grouped(
        select(results, { part, previous: false, keyOrder: 'uniform' }),
        ({ workload, inFlight }) => `${workload} ${inFlight}`,
        ({ system }) => system,
        rate,
      ),
    },
  });
  return [
    plot('redis', 'Beside Redis (everysec)'),
    plot('redis-always', 'Beside Redis (always)'),
    plot('etcd', 'Beside etcd'),
  ];
}

/** Series of points, the median where a point was measured in several rounds. */
function seriesBy(
  results: readonly Result[],
  nameOf: (result: Result) => string,
  xOf: (result: Result) => number,
  figure: (result: Result) => number,
): Series[] {
  return [...new Set(results.map(nameOf))].map((name) => {
    const own = results.filter((result) => nameOf(result) === name);
    const places = [...new Set(own.map(xOf))].sort((a, b) => a - b);
    return {
      name,
      points: places.map((x) => ({ x, y: median(own.filter((each) => xOf(each) === x).map(figure)) })),
    };
  });
}

function grouped(
  results: readonly Result[],
  groupOf: (result: Result) => string,
  nameOf: (result: Result) => string,
  figure: (result: Result) => number,
): Pick<BarPlot, 'groups' | 'series'> {
  const groups = [...new Set(results.map(groupOf))];
  const names = [...new Set(results.map(nameOf))].sort((a, b) => placeOf(a) - placeOf(b));
  return {
    groups,
    series: names.map((name) => ({
      name,
      values: groups.map((group) => {
        const own = results.filter((result) => groupOf(result) === group && nameOf(result) === name);
        return own.length === 0 ? NaN : median(own.map(figure));
      }),
    })),
  };
}

/** Rounds begin with different systems; ours stands first all the same. */
function placeOf(name: string): number {
  return systemNames.findIndex((system) => system === name);
}
