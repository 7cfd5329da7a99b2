import { verdictsOf } from './goals.js';
import { figure, markdownTable, withSpread } from './markdown.js';
import type { StepName } from './plan.js';
import { ratios, spreadOf } from './ratio.js';
import { select } from './select.js';
import { longWindows } from './settings.js';
import { type SystemName, systemNames } from './systems/system.js';
import type { Measurement } from './task.js';

/** All tables of a run, as Markdown: those of what was measured. */
export function reportOf(measurements: readonly Measurement[]): string {
  const parts = tables
    .map(({ step, title, render }) => ({
      title,
      render,
      own: measurements.filter((each) => each.step === step),
    }))
    .filter(({ own }) => own.length > 0)
    .map(({ title, render, own }) => `${title(own[0]!)}:\n\n${render(own)}\n`);
  return [...parts, verdicts(measurements)].join('\n');
}

interface Table {
  readonly step: StepName;
  readonly title: (first: Measurement) => string;
  /** Of the step's own measurements. */
  readonly render: (measurements: readonly Measurement[]) => string;
}

const primitives =
  (kind: string): Table['title'] =>
  ({ keyCount, valueBytes }) =>
    `M operations/s, ${count(keyCount)} keys given as ${kind}, ${valueBytes}-byte values, random access`;

const tables: readonly Table[] = [
  { step: 'primitives', title: primitives('bytes'), render: comparePrimitives },
  { step: 'strings', title: primitives('strings'), render: comparePrimitives },
  { step: 'large', title: primitives('bytes'), render: comparePrimitives },
  {
    step: 'received',
    title: () => 'M records/s taken in by an engine, received in messages of 1,000, checksums verified',
    render: (all) =>
      compare(all, [
        { name: 'new keys', figure: 'loadPerSecond', unit: 1e6 },
        { name: 'newer versions', figure: 'overwritePerSecond', unit: 1e6 },
      ]),
  },
  {
    step: 'writers',
    title: () => 'Thousand writes/s of 256 writers that wait until each is fsynced',
    render: (all) => compare(all, [{ name: 'write', figure: 'writesPerSecond', unit: 1e3 }]),
  },
  {
    step: 'mixed',
    title: () =>
      'M operations/s, a third each put, get and delete over 1,000 keys, log on (fsynced every 200 ms)',
    render: (all) => compare(all, [{ name: 'mixed', figure: 'operationsPerSecond', unit: 1e6 }]),
  },
  {
    step: 'stress',
    title: ({ keyCount }) => `${count(5 * keyCount)} operations on ${count(keyCount)} keys, µs each`,
    render: renderStress,
  },
  { step: 'long', title: ({ seconds }) => `The mixed load for ${seconds} s`, render: renderLong },
  { step: 'recovery', title: () => 'Opening what another process left', render: renderRecovery },
  {
    step: 'slices',
    title: () => 'Turns of the event loop beside the store, ms',
    render: renderSlices,
  },
  {
    step: 'amplification',
    title: () => 'Bytes sent to the disk for each byte of key and value that is overwritten',
    render: (all) => compare(all, [{ name: 'overwrite', figure: 'writeAmplification', unit: 1 }]),
  },
];

function comparePrimitives(measurements: readonly Measurement[]): string {
  const rates = compare(measurements, [
    { name: 'load', figure: 'loadPerSecond', unit: 1e6 },
    { name: 'overwrite', figure: 'overwritePerSecond', unit: 1e6 },
    { name: 'get', figure: 'getPerSecond', unit: 1e6 },
    { name: 'get, in groups', figure: 'getGroupPerSecond', unit: 1e6 },
    { name: 'get, copied', figure: 'getCopyPerSecond', unit: 1e6 },
  ]);
  const resident = systemNames.flatMap((system) => {
    const bytes = select(measurements, {
      step: stepOf(measurements),
      system,
      figure: 'residentOverheadBytes',
    });
    return bytes.length === 0 || system === 'classic-level' || system === 'lmdb'
      ? []
      : [`${system} ${figure(spreadOf(bytes).median)}`];
  });
  return resident.length === 0
    ? rates
    : `${rates}\n\nResident bytes beside key and value, a key, after the load: ${resident.join(', ')}.`;
}

interface Row {
  readonly name: string;
  readonly figure: string;
  readonly unit: number;
}

/** A row for each figure: the median of each system, and the ratios of ours to the others, round by round. */
function compare(measurements: readonly Measurement[], rows: readonly Row[]): string {
  const step = stepOf(measurements);
  const systems = systemNames.filter((name) => measurements.some(({ system }) => system === name));
  const others = systems.includes('kv') ? systems.filter((name) => name !== 'kv') : [];
  const of = (system: SystemName, name: string): number[] =>
    select(measurements, { step, system, figure: name });
  return markdownTable(
    ['', ...systems, ...others.map((name) => `kv ÷ ${name}`)],
    rows.map(({ name, figure: wanted, unit }) => [
      name,
      ...systems.map((system) => figure(spreadOf(of(system, wanted)).median / unit)),
      ...others.map((system) => withSpread(spreadOf(ratios(of('kv', wanted), of(system, wanted))))),
    ]),
  );
}

function renderStress(measurements: readonly Measurement[]): string {
  const columns = ['P50Us', 'P95Us', 'P99Us', 'MaxUs'];
  const rows = measurements.flatMap(({ system, figures }) =>
    ['put', 'get'].map((operation) => [
      `${system} ${operation}`,
      ...columns.map((column) => figure(figures[operation + column] ?? NaN)),
      figure((figures['operationsPerSecond'] ?? NaN) / 1e6),
    ]),
  );
  return markdownTable(['', 'p50', 'p95', 'p99', 'largest', 'M operations/s in all'], rows);
}

function renderLong(measurements: readonly Measurement[]): string {
  const { figures, seconds } = measurements[0]!;
  const windows = Array.from({ length: longWindows }, (_, index) => index + 1);
  return markdownTable(
    ['until s', ...windows.map((window) => figure((seconds / longWindows) * window))],
    [
      [
        'M operations/s',
        ...windows.map((window) => figure((figures[`window${window}PerSecond`] ?? NaN) / 1e6)),
      ],
      ['mean µs', ...windows.map((window) => figure(figures[`window${window}MeanUs`] ?? NaN))],
      ['largest µs', ...windows.map((window) => figure(figures[`window${window}MaxUs`] ?? NaN))],
    ],
  );
}

function renderRecovery(measurements: readonly Measurement[]): string {
  const labels = [...new Set(measurements.map(({ label }) => label))];
  const cell = (label: string, name: string, unit: number): string =>
    figure(
      spreadOf(select(measurements, { step: 'recovery', system: 'kv', label, figure: name })).median / unit,
    );
  return markdownTable(
    ['', 'records', 'value bytes', 's', 'M records/s', 'MB/s'],
    labels.map((label) => {
      const { keyCount, valueBytes } = measurements.find((each) => each.label === label)!;
      return [
        label,
        count(keyCount),
        String(valueBytes),
        cell(label, 'seconds', 1),
        cell(label, 'recordsPerSecond', 1e6),
        cell(label, 'megabytesPerSecond', 1),
      ];
    }),
  );
}

function renderSlices(measurements: readonly Measurement[]): string {
  const of = (name: string): string =>
    figure(spreadOf(select(measurements, { step: 'slices', system: 'kv', figure: name })).median);
  const phases = ['growth', 'overwriting', 'snapshot', 'recovery'];
  return markdownTable(
    ['while', 'longest own work', 'longest by the clock', 'p99.9'],
    phases.map((phase) => [
      phase,
      of(`${phase}LongestMs`),
      of(`${phase}LongestByClockMs`),
      of(`${phase}P999Ms`),
    ]),
  );
}

function verdicts(measurements: readonly Measurement[]): string {
  const rows = verdictsOf(measurements).map(({ name, wanted, measured, isReached }) => [
    name,
    wanted,
    withSpread(measured),
    isReached ? 'reached' : 'missed',
  ]);
  return rows.length === 0
    ? ''
    : `What is wanted of it:\n\n${markdownTable(['', 'wanted', 'measured', ''], rows)}\n`;
}

function stepOf(measurements: readonly Measurement[]): StepName {
  return measurements[0]!.step;
}

function count(number: number): string {
  return number >= 1e6 ? `${number / 1e6} M` : number.toLocaleString('en');
}
