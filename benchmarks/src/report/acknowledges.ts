import type { Result } from '../cluster/result.js';
import { markdownTable } from '../storage/markdown.js';

/** What a system has done when it says that a write is done. A rate means nothing without it. */
export function acknowledgesOf({ system, durability, level }: Result): string {
  switch (system) {
    case 'kv': {
      const synced =
        durability === 'always'
          ? 'on disk (fsync)'
          : durability === 'interval'
            ? 'written to the log, which is synced 100 ms later at most'
            : 'written to the log, which is never synced';
      const replicas = { one: 'one', quorum: 'a majority', all: 'all', linearizable: 'a majority' }[level];
      return `${replicas} of three replicas: ${synced}`;
    }
    case 'ioredis':
    case 'node-redis':
      return durability === 'always'
        ? 'the primary alone, its file synced first (appendfsync always); replicas follow later, without a promise'
        : 'the memory of the primary alone; its file is synced each second (appendfsync everysec); replicas follow later, without a promise';
    case 'etcd':
      return 'a majority of three members, on disk (fsync); one order of all writes';
    case 'grpc-stream':
      return 'nothing: an echo';
  }
}

/** For every combination that the results hold. */
export function renderAcknowledgements(results: readonly Result[]): string {
  const rows = new Map<string, readonly string[]>();
  for (const result of results) {
    if (result.system === 'grpc-stream') continue;
    const { system, durability, level } = result;
    rows.set(`${system} ${durability} ${level}`, [system, durability, level, acknowledgesOf(result)]);
  }
  return markdownTable(
    ['system', 'durability', 'level', 'a write is acknowledged by'],
    [...rows.values()].sort(byName),
  );
}

function byName(a: readonly string[], b: readonly string[]): number {
  return a.join().localeCompare(b.join());
}
