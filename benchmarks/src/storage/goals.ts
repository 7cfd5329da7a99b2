import { ratios, type Spread, spreadOf } from './ratio.js';
import { select, type Selection } from './select.js';
import type { SystemName } from './systems/system.js';
import type { Measurement } from './task.js';

/** What a run is judged by. Ratios hold on any machine; rates were set for one of two cores. */
export interface Goal {
  readonly name: string;
  readonly isAtLeast?: number;
  readonly isAtMost?: number;
  /** Ours in each round, in the unit that the name says; empty if the run did not measure it. */
  readonly values: (measurements: readonly Measurement[]) => number[];
}

export interface Verdict {
  readonly name: string;
  readonly wanted: string;
  readonly measured: Spread;
  readonly isReached: boolean;
}

export function verdictsOf(measurements: readonly Measurement[]): Verdict[] {
  return goals.flatMap(({ name, isAtLeast, isAtMost, values }) => {
    const given = values(measurements);
    if (given.length === 0) return [];
    const measured = spreadOf(given);
    return [
      {
        name,
        wanted: isAtLeast === undefined ? `≤ ${isAtMost ?? NaN}` : `≥ ${isAtLeast}`,
        measured,
        isReached: measured.median >= (isAtLeast ?? -Infinity) && measured.median <= (isAtMost ?? Infinity),
      },
    ];
  });
}

const own = (selection: Omit<Selection, 'system'>, unit = 1): Goal['values'] => {
  return (measurements) => select(measurements, { ...selection, system: 'kv' }).map((value) => value / unit);
};

const against = (system: SystemName, selection: Omit<Selection, 'system'>): Goal['values'] => {
  return (measurements) =>
    ratios(
      select(measurements, { ...selection, system: 'kv' }),
      select(measurements, { ...selection, system }),
    );
};

/** How the ratio at many keys compares with that at fewer: rounds differ in number, so of medians. */
const keptAtScale = (system: SystemName, figure: string): Goal['values'] => {
  return (measurements) => {
    const large = against(system, { step: 'large', figure })(measurements);
    const usual = against(system, { step: 'primitives', figure })(measurements);
    return large.length > 0 && usual.length > 0 ? [spreadOf(large).median / spreadOf(usual).median] : [];
  };
};

const primitive = (name: string): Omit<Selection, 'system'> => ({
  step: 'primitives',
  figure: `${name}PerSecond`,
});
const writers = { step: 'writers', figure: 'writesPerSecond' } as const;
const slice = (phase: string): Goal['values'] => own({ step: 'slices', figure: `${phase}LongestMs` });

const goals: readonly Goal[] = [
  { name: 'get, × Map', isAtLeast: 1.25, values: against('map', primitive('get')) },
  { name: 'get, × lmdb', isAtLeast: 2, values: against('lmdb', primitive('get')) },
  { name: 'overwrite, × Map', isAtLeast: 1, values: against('map', primitive('overwrite')) },
  {
    name: 'overwrite, × classic-level',
    isAtLeast: 1.5,
    values: against('classic-level', primitive('overwrite')),
  },
  { name: 'load, × Map', isAtLeast: 1.5, values: against('map', primitive('load')) },
  { name: 'awaited writers, × lmdb', isAtLeast: 15, values: against('lmdb', writers) },
  { name: 'awaited writers, × classic-level', isAtLeast: 15, values: against('classic-level', writers) },
  {
    name: 'records received in messages of 1,000 and newer than those here, M records/s',
    isAtLeast: 1,
    values: own({ step: 'received', figure: 'overwritePerSecond' }, 1e6),
  },
  {
    name: 'mixed load, M operations/s',
    isAtLeast: 2,
    values: own({ step: 'mixed', figure: 'operationsPerSecond' }, 1e6),
  },
  {
    name: 'bytes beside key and value, a key, after a load (resident)',
    isAtMost: 64,
    values: own({ step: 'primitives', figure: 'residentOverheadBytes' }),
  },
  {
    name: 'the same, as the store accounts for it',
    isAtMost: 64,
    values: own({ step: 'primitives', figure: 'accountedOverheadBytes' }),
  },
  {
    name: 'recovery from the log, M records/s',
    isAtLeast: 2,
    values: own({ step: 'recovery', label: 'log', figure: 'recordsPerSecond' }, 1e6),
  },
  {
    name: 'recovery from a snapshot, M records/s',
    isAtLeast: 2,
    values: own({ step: 'recovery', label: 'snapshot', figure: 'recordsPerSecond' }, 1e6),
  },
  {
    name: 'recovery of large values from the log, s a GB',
    isAtMost: 2,
    values: (measurements) =>
      select(measurements, {
        step: 'recovery',
        system: 'kv',
        label: 'log of large values',
        figure: 'megabytesPerSecond',
      }).map((rate) => 1000 / rate),
  },
  { name: 'longest slice while growing, ms', isAtMost: 10, values: slice('growth') },
  { name: 'longest slice while overwriting and cleaning, ms', isAtMost: 10, values: slice('overwriting') },
  { name: 'longest slice while taking a snapshot, ms', isAtMost: 10, values: slice('snapshot') },
  { name: 'longest slice while opening, ms', isAtMost: 10, values: slice('recovery') },
  ...(['get', 'overwrite', 'load'] as const).map((operation) => ({
    name: `${operation} × Map with many keys, relative to above`,
    isAtLeast: 0.7,
    values: keptAtScale('map', `${operation}PerSecond`),
  })),
];
