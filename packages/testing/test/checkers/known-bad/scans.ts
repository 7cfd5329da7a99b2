import type { History, Level, Scan, ScannedEntry } from '../../../src/checkers/index.js';
import { history, read, type Told, v, write } from '../story.js';
import type { KnownBad } from './known-bad.js';

const a = write(0, 10, { value: 'a', stamps: [5] });
const b = write(20, 30, { value: 'b', stamps: [25] });

function entry(value: string, timestamp: number): ScannedEntry {
  return { key: 'k', value, version: v(timestamp) };
}

function scanning(
  operations: readonly Told[],
  entries: readonly ScannedEntry[],
  words: { readonly beganMs?: number; readonly level?: Level; readonly complete?: boolean } = {},
): History {
  const { beganMs = 40, level = 'quorum', complete = true } = words;
  const scan: Scan = { id: 0, client: 3, level, beganMs, endedMs: 50, complete, entries };
  return { ...history(operations), scans: [scan] };
}

export const scans: readonly KnownBad[] = [
  {
    name: 'a key comes twice',
    rejectedBy: ['scans'],
    tell: (isBad) => scanning([a], isBad ? [entry('a', 5), entry('a', 5)] : [entry('a', 5)]),
  },
  {
    name: 'a key that was there throughout is left out',
    rejectedBy: ['scans'],
    tell: (isBad) => scanning([a, b], isBad ? [] : [entry('b', 25)]),
  },
  {
    name: 'a key is left out by a scan that says that it came to its end',
    rejectedBy: ['scans'],
    tell: (isBad) => scanning([a], [], { complete: isBad }),
  },
  {
    name: 'a deleted key may be missing, another one not',
    rejectedBy: ['scans'],
    tell: (isBad) =>
      scanning([a, write(60, 70, { stamps: [65] }), write(isBad ? 52 : 42, 55, { stamps: [45] })], []),
  },
  {
    name: 'older than what was acknowledged before it began',
    rejectedBy: ['scans'],
    tell: (isBad) => scanning([a, b], [entry('a', 5)], { beganMs: isBad ? 40 : 25 }),
  },
  {
    name: 'older than what was read before it began',
    rejectedBy: ['scans'],
    tell: (isBad) => {
      const dying = write(20, Infinity, { value: 'b', stamps: [25], outcome: 'unknown' });
      return scanning([a, dying, read(31, 32, ['b', 25])], [isBad ? entry('a', 5) : entry('b', 25)]);
    },
  },
  {
    name: 'found expired before, and alive in it',
    rejectedBy: ['scans'],
    tell: (isBad) => {
      const put = write(0, 10, { value: 'a', stamps: [5], expires: true });
      return scanning([put, read(20, 30, 5)], isBad ? [entry('a', 5)] : []);
    },
  },
  {
    name: 'at ONE too only what was written',
    rejectedBy: ['scans'],
    tell: (isBad) => scanning([a, b], [entry(isBad ? 'c' : 'a', 5)], { level: 'one' }),
  },
  {
    name: 'what was not yet written',
    rejectedBy: ['scans'],
    tell: (isBad) => {
      const late = write(isBad ? 51 : 49, 60, { value: 'b', stamps: [55] });
      return scanning([a, late], [entry('b', 55)]);
    },
  },
];
