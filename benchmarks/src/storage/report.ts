import type { StepName } from './plan.js';
import { ratios, spreadOf } from './ratio.js';
import { type SystemName, systemNames } from './systems/system.js';
import type { Measurement } from './task.js';

/** All tables of a run, as Markdown. */
export function reportOf(measurements: readonly Measurement[]): string {
  return tables
    .map(({ step, title, render }) => ({
      title,
      render,
      own: measurements.filter((each) => each.step === step),
    }))
    .filter(({ own }) => own.length > 0)
    .map(({ title, render, own }) => `${title(own[0]!)}\n\n${render(own)}\n`)
    .join('\n');
}

interface Table {
  readonly step: StepName;
  readonly title: (first: Measurement) => string;
  readonly render: (measurements: readonly Measurement[]) => string;
}

const tables: readonly Table[] = [
  {
    step: 'primitives',
    title: ({ keyCount, valueBytes }) =>
      `M operations/s, ${millions(keyCount)} keys given as bytes, ${valueBytes}-byte values`,
    render: comparison,
  },
  {
    step: 'strings',
    title: ({ keyCount, valueBytes }) =>
      `M operations/s, ${millions(keyCount)} keys given as strings, ${valueBytes}-byte values`,
    render: comparison,
  },
  {
    step: 'large',
    title: ({ keyCount, valueBytes }) =>
      `M operations/s, ${millions(keyCount)} keys given as bytes, ${valueBytes}-byte values`,
    render: comparison,
  },
];

const operations = ['load', 'overwrite', 'get'] as const;

/** A row for each operation: the median of each system, and the ratios of ours to the others round by round. */
function comparison(measurements: readonly Measurement[]): string {
  const systems = systemNames.filter((name) => measurements.some(({ system }) => system === name));
  const others = systems.filter((name) => name !== 'kv');
  const rows = operations.map((operation) => {
    const of = (name: SystemName): number[] => figuresOf(measurements, name, `${operation}PerSecond`);
    return [
      operation,
      ...systems.map((name) => (spreadOf(of(name)).median / 1e6).toFixed(2)),
      ...(systems.includes('kv') ? others.map((name) => ratioCell(of('kv'), of(name))) : []),
    ];
  });
  return markdownTable(
    ['', ...systems, ...(systems.includes('kv') ? others.map((name) => `kv ÷ ${name}`) : [])],
    rows,
  );
}

function ratioCell(ours: readonly number[], theirs: readonly number[]): string {
  const { median, least, most } = spreadOf(ratios(ours, theirs));
  return `**${median.toFixed(2)}** [${least.toFixed(2)}–${most.toFixed(2)}]`;
}

function figuresOf(measurements: readonly Measurement[], name: SystemName, figure: string): number[] {
  return measurements
    .filter(({ system }) => system === name)
    .sort((a, b) => a.round - b.round)
    .map(({ figures }) => figures[figure] ?? NaN);
}

function millions(count: number): string {
  return count >= 1e6 ? `${count / 1e6} M` : count.toLocaleString('en');
}

export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const rule = head.map((_, column) => (column === 0 ? '---' : '---:'));
  return [head, rule, ...rows].map(line).join('\n');
}
