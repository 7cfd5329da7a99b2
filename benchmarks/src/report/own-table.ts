import type { Result } from '../cluster/result.js';
import { figure, markdownTable } from '../storage/markdown.js';

interface Column {
  readonly title: string;
  readonly cell: (result: Result) => string;
  /** Shown only where the rows differ in it. */
  readonly isOptional?: true;
}

const count = (value: number): string => value.toLocaleString('en');

const columns: readonly Column[] = [
  { title: 'load', cell: ({ workload }) => workload },
  { title: 'system', cell: ({ system }) => system, isOptional: true },
  { title: 'level', cell: ({ level }) => level, isOptional: true },
  { title: 'round', cell: ({ round }) => String(round), isOptional: true },
  { title: 'keys drawn', cell: ({ keyOrder }) => keyOrder, isOptional: true },
  { title: 'nodes', cell: ({ nodes }) => String(nodes), isOptional: true },
  { title: 'keys', cell: ({ keys }) => count(keys), isOptional: true },
  { title: 'value bytes', cell: ({ valueBytes }) => count(valueBytes), isOptional: true },
  { title: 'clients', cell: ({ clients }) => String(clients), isOptional: true },
  { title: 'in flight', cell: ({ inFlight }) => count(inFlight), isOptional: true },
  { title: 'previous told', cell: ({ previous }) => (previous ? 'yes' : 'no'), isOptional: true },
  { title: 'client polls', cell: ({ busyPolls }) => (busyPolls ? 'yes' : 'no'), isOptional: true },
  { title: 'given rate /s', cell: ({ ratePerSecond }) => count(ratePerSecond ?? 0), isOptional: true },
  { title: 'operations /s', cell: ({ opsPerSecond }) => count(opsPerSecond) },
  { title: 'mean µs', cell: ({ meanUs }) => count(meanUs) },
  { title: 'p50 µs', cell: ({ p50Us }) => count(p50Us) },
  { title: 'p95 µs', cell: ({ p95Us }) => count(p95Us) },
  { title: 'p99 µs', cell: ({ p99Us }) => count(p99Us) },
  { title: 'p99.9 µs', cell: ({ p999Us }) => count(p999Us) },
  { title: 'largest µs', cell: ({ maxUs }) => count(maxUs) },
  { title: 'operations a CPU-second', cell: (result) => figure(operationsPerCpuSecond(result) ?? NaN) },
  { title: 'nodes’ memory, MiB', cell: residentMebibytes, isOptional: true },
  { title: 'refused', cell: ({ refused }) => count(refused), isOptional: true },
  { title: 'absent', cell: ({ absent }) => count(absent), isOptional: true },
];

/** A row for each measurement; what is the same in all of them is said once, above. */
export function renderTable(results: readonly Result[]): string {
  const differs = ({ cell }: Column): boolean => new Set(results.map(cell)).size > 1;
  const shown = columns.filter((column) => column.isOptional !== true || differs(column));
  const { system, level, durability, keys, valueBytes, clients, inFlight } = results[0]!;
  const same = [
    `system ${system}`,
    `durability ${durability}`,
    ...(shown.some(({ title }) => title === 'level') ? [] : [`level ${level}`]),
    ...(shown.some(({ title }) => title === 'keys') ? [] : [`${count(keys)} keys`]),
    ...(shown.some(({ title }) => title === 'value bytes') ? [] : [`${count(valueBytes)}-byte values`]),
    ...(shown.some(({ title }) => title === 'clients')
      ? []
      : [`${clients} client${clients === 1 ? '' : 's'}`]),
    ...(shown.some(({ title }) => title === 'in flight') ? [] : [`${count(inFlight)} in flight`]),
  ];
  const table = markdownTable(
    shown.map(({ title }) => title),
    results.map((result) => shown.map(({ cell }) => cell(result))),
  );
  return `${same.join(', ')}.\n\n${table}`;
}

/** At the end, of all nodes together; where it was sampled. */
function residentMebibytes({ timeline = [] }: Result): string {
  const bytes = timeline.at(-1)?.serverResidentBytes;
  return bytes === undefined ? '–' : count(Math.round(bytes / 2 ** 20));
}

/** Of nodes and client together. */
export function operationsPerCpuSecond({
  operations,
  serverCpuSeconds,
  clientCpuSeconds,
}: Result): number | undefined {
  if (serverCpuSeconds === undefined || clientCpuSeconds === undefined) return undefined;
  const seconds = serverCpuSeconds + clientCpuSeconds;
  return seconds === 0 ? undefined : operations / seconds;
}
