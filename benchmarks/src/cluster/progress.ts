import type { Result } from './result.js';

/** One line for each measurement, while it goes on. */
export function progressOf(result: Result): string {
  const { part, round, system, workload, level, durability, inFlight, clients, valueBytes, keys, nodes } =
    result;
  const asked = [
    `${part}${round > 1 ? ` (${round})` : ''}:`,
    system,
    workload,
    level,
    durability,
    `${inFlight} in flight`,
    ...(clients > 1 ? [`${clients} clients`] : []),
    ...(nodes === 3 ? [] : [`${nodes} nodes`]),
    ...(result.keyOrder === 'uniform' ? [] : [result.keyOrder]),
    ...(result.previous ? ['previous told'] : []),
    `${valueBytes} B`,
    `${keys} keys`,
  ];
  const { opsPerSecond, p50Us, p99Us, refused, absent } = result;
  const figures = [
    `${opsPerSecond.toLocaleString('en')}/s`,
    `p50 ${p50Us.toLocaleString('en')} µs`,
    `p99 ${p99Us.toLocaleString('en')} µs`,
    ...(refused > 0 ? [`${refused} refused`] : []),
    ...(absent > 0 ? [`${absent} absent`] : []),
  ];
  return `${asked.join(' ')} → ${figures.join(', ')}`;
}
