import { kneeOf } from '../cluster/peak.js';
import type { Result } from '../cluster/result.js';
import type { SystemName } from '../peers/system.js';
import { type Spread, spreadOf } from '../storage/ratio.js';
import { memoryGrowth } from './memory-growth.js';
import { ratiosByRound, select, type Wanted } from './select.js';

/** What a run is judged by. Ratios hold on any machine of two cores; rates were set for one of them. */
export interface Goal {
  readonly name: string;
  readonly unit: '×' | '/s' | 'ms' | '%';
  /** A least value, or a most. */
  readonly bound: 'least' | 'most';
  readonly reach: number;
  /** What to go on for once that is reached. */
  readonly aim?: number;
  /** One for each round; empty if the run did not measure it. */
  readonly values: (results: readonly Result[]) => readonly number[];
}

export interface Verdict extends Goal {
  readonly measured: Spread | undefined;
  readonly says: 'aim reached' | 'reached' | 'missed' | 'not measured';
}

export function verdictsOf(results: readonly Result[]): Verdict[] {
  return goals.map((goal) => {
    const values = goal.values(results);
    if (values.length === 0) return { ...goal, measured: undefined, says: 'not measured' };
    const measured = spreadOf(values);
    return { ...goal, measured, says: judge(goal, measured.median) };
  });
}

function judge({ bound, reach, aim }: Goal, median: number): Verdict['says'] {
  const isWithin = (limit: number): boolean => (bound === 'least' ? median >= limit : median <= limit);
  if (aim !== undefined && isWithin(aim)) return 'aim reached';
  return isWithin(reach) ? 'reached' : 'missed';
}

const rate = ({ opsPerSecond }: Result): number => opsPerSecond;
const p50 = ({ p50Us }: Result): number => p50Us;

/** Rates, previous values omitted. */
function against(
  system: SystemName,
  part: Result['part'],
  { workload, inFlight }: Required<Pick<Wanted, 'workload' | 'inFlight'>>,
): Goal['values'] {
  const wanted = { part, workload, inFlight, keyOrder: 'uniform', previous: false } as const;
  return (results) => ratiosByRound(results, { ...wanted, system: 'kv' }, { ...wanted, system }, rate);
}

/** p50 of one at a time, against a bare round trip. */
function againstRoundTrip(ours: Pick<Wanted, 'workload' | 'level' | 'busyPolls'>): Goal['values'] {
  const part = 'one-in-flight';
  return (results) =>
    ratiosByRound(results, { ...ours, part, system: 'kv' }, { part, system: 'grpc-stream' }, p50);
}

/** What a well-known program of another language does with these operations in flight, on two cores. */
const goProgram = { putAtTen: 21_000, putAt256: 35_300, getAt256: 14_300 };

const throughput = (wanted: Wanted): Goal['values'] => {
  return (results) =>
    select(results, { ...wanted, part: 'throughput', system: 'kv', previous: false }).map(rate);
};

/** Per second of the nodes' processor time, ten times the knee's operations in flight against the knee. */
function overload(results: readonly Result[]): number[] {
  const knee = kneeOf(results, 'put')?.inFlight;
  if (knee === undefined) return [];
  const at = (inFlight: number): Wanted => ({ part: 'overload', inFlight });
  return ratiosByRound(results, at(10 * knee), at(knee), perServerCpuSecond);
}

export function perServerCpuSecond({ operations, serverCpuSeconds }: Result): number | undefined {
  return serverCpuSeconds === undefined || serverCpuSeconds === 0 ? undefined : operations / serverCpuSeconds;
}

const tail = (workload: 'put' | 'get'): Goal['values'] => {
  return (results) =>
    select(results, { part: 'half-of-peak', workload }).map(({ p99Us, p50Us }) => p99Us / p50Us);
};

const goals: readonly Goal[] = [
  ...peerGoals(),
  ...roundTripGoals(),
  {
    name: 'linearizable put, of quorum put, 256 in flight',
    ...{ unit: '×', bound: 'least', reach: 0.6, aim: 0.75 },
    values: (results) =>
      ratiosByRound(
        results,
        { part: 'levels', level: 'linearizable' },
        { part: 'levels', level: 'quorum' },
        rate,
      ),
  },
  {
    name: 'put at one, 10 in flight, against another store’s',
    ...{ unit: '/s', bound: 'least', reach: goProgram.putAtTen },
    values: throughput({ workload: 'put', level: 'one', inFlight: 10 }),
  },
  {
    name: 'quorum put, 256 in flight, against twice another store’s',
    ...{ unit: '/s', bound: 'least', reach: 2 * goProgram.putAt256 },
    values: throughput({ workload: 'put', level: 'quorum', inFlight: 256 }),
  },
  {
    name: 'quorum get, 256 in flight, against twice another store’s',
    ...{ unit: '/s', bound: 'least', reach: 2 * goProgram.getAt256 },
    values: throughput({ workload: 'get', level: 'quorum', inFlight: 256 }),
  },
  {
    name: 'p99 of put at half of the peak, of p50',
    ...{ unit: '×', bound: 'most', reach: 10 },
    values: tail('put'),
  },
  {
    name: 'p99 of get at half of the peak, of p50',
    ...{ unit: '×', bound: 'most', reach: 10 },
    values: tail('get'),
  },
  {
    name: 'longest slice of a node’s own work',
    ...{ unit: 'ms', bound: 'most', reach: 20 },
    values: (results) =>
      select(results, { part: 'sustained' }).flatMap(({ turns }) => turns?.longestOwnWorkMs ?? []),
  },
  {
    name: 'growth of the nodes’ memory in the second half',
    ...{ unit: '%', bound: 'most', reach: 1 },
    values: (results) =>
      select(results, { part: 'memory' }).flatMap((each) => memoryGrowth(each, 'server') ?? []),
  },
  {
    name: 'growth of the client’s memory in the second half',
    ...{ unit: '%', bound: 'most', reach: 1 },
    values: (results) =>
      select(results, { part: 'memory' }).flatMap((each) => memoryGrowth(each, 'client') ?? []),
  },
  {
    name: 'goodput under ten times the load, of that at the knee, per CPU-second of the nodes',
    ...{ unit: '×', bound: 'least', reach: 0.9 },
    values: overload,
  },
];

function peerGoals(): Goal[] {
  const least = { unit: '×', bound: 'least' } as const;
  const put = 'put';
  const get = 'get';
  const redis = (workload: 'put' | 'get', inFlight: number) =>
    against('ioredis', 'redis', { workload, inFlight });
  const etcd = (inFlight: number) => against('etcd', 'etcd', { workload: put, inFlight });
  return [
    {
      name: 'quorum put, of ioredis SET, 256 in flight',
      ...least,
      reach: 1,
      aim: 1.5,
      values: redis(put, 256),
    },
    { name: 'the same, 1,024', ...least, reach: 1.3, aim: 2, values: redis(put, 1024) },
    {
      name: 'quorum get, of ioredis GET, 256 in flight',
      ...least,
      reach: 0.95,
      aim: 1.2,
      values: redis(get, 256),
    },
    { name: 'the same, 1,024', ...least, reach: 1.2, aim: 1.6, values: redis(get, 1024) },
    {
      name: 'quorum put, synced, of etcd put, 1,024 in flight',
      ...least,
      reach: 15,
      aim: 30,
      values: etcd(1024),
    },
    { name: 'the same, 64', ...least, reach: 5, aim: 10, values: etcd(64) },
  ];
}

function roundTripGoals(): Goal[] {
  const most = { unit: '×', bound: 'most' } as const;
  const goalsOf = (busyPolls: boolean, who: string): Goal[] => [
    {
      name: `one quorum put${who}, of a bare round trip (p50)`,
      ...{ ...most, reach: 3, aim: 2.2 },
      values: againstRoundTrip({ workload: 'put', level: 'quorum', busyPolls }),
    },
    {
      name: `one quorum get${who}, of the same`,
      ...{ ...most, reach: 2.6, aim: 2 },
      values: againstRoundTrip({ workload: 'get', level: 'quorum', busyPolls }),
    },
    {
      name: `one put at one${who}, of the same`,
      ...{ ...most, reach: 1.25, aim: 1.1 },
      values: againstRoundTrip({ workload: 'put', level: 'one', busyPolls }),
    },
  ];
  return [...goalsOf(false, ''), ...goalsOf(true, ' by a client that polls')];
}
