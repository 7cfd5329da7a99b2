import { readFileSync } from 'node:fs';

/** What /proc counts processor time in: USER_HZ is 100 on every Linux that Node runs on. */
const ticksPerSecond = 100;
const pageBytes = 4096;

export interface ProcessUsage {
  /** User and system, all threads, since the process began. */
  readonly cpuSeconds: number;
  readonly residentBytes: number;
}

/** Of all of them together; undefined where there is no /proc, or if one of them is gone. */
export function usageOf(pids: readonly number[]): ProcessUsage | undefined {
  try {
    const each = pids.map((pid) => parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1')));
    return {
      cpuSeconds: each.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
      residentBytes: each.reduce((sum, { residentBytes }) => sum + residentBytes, 0),
    };
  } catch {
    return undefined;
  }
}

/** See proc(5). The second field is the command in parentheses, and may hold spaces and parentheses itself. */
export function parseStat(text: string): ProcessUsage {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const field = (number: number): number => Number(fields[number - 3]);
  return {
    cpuSeconds: (field(14) + field(15)) / ticksPerSecond,
    residentBytes: field(24) * pageBytes,
  };
}
