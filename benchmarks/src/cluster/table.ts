import type { Result } from './result.js';

const columns: readonly (readonly [string, (result: Result) => string])[] = [
  ['workload', ({ workload }) => workload],
  ['level', ({ level }) => level],
  ['durability', ({ durability }) => durability],
  ['in flight', ({ inFlight }) => String(inFlight)],
  ['operations/s', ({ opsPerSecond }) => opsPerSecond.toLocaleString('en')],
  ['p50 µs', ({ p50Us }) => p50Us.toLocaleString('en')],
  ['p99 µs', ({ p99Us }) => p99Us.toLocaleString('en')],
];

export const tableHead = line(columns.map(([title]) => title));

export function tableRow(result: Result): string {
  return line(columns.map(([, cell]) => cell(result)));
}

function line(cells: readonly string[]): string {
  return cells.map((cell) => cell.padStart(13)).join('');
}
