import type { DirectoryInspection, FileInspection, FileRole } from '@kv/storage';
import type { Command } from 'commander';

import type { ActOffline } from '../command.js';
import { exitCodes } from '../exit-code.js';
import { formatTable } from '../table.js';
import { inspectStore } from './inspect-store.js';
import { forecastOf, verdictOf, warnOfOwner } from './verdict.js';

export function addStatsCommand(storage: Command, act: ActOffline): void {
  storage
    .command('stats')
    .description('figures of keys, values, files and versions; exit code 3 if anything may be lost')
    .argument('<DIR>')
    .action(
      act(async ({ io, out, err, global }, directory) => {
        const found = await inspectStore(io, directory);
        const figures = figuresOf(found, io.nowMs());
        if (global.json) await out.line(JSON.stringify(figures));
        else await out.line(formatTable(['FIGURE', 'VALUE'], Object.entries(figures).map(rowOf)));
        await warnOfOwner(found, err);
        return verdictOf(found) === 'intact' ? exitCodes.ok : exitCodes.failed;
      }),
    );
}

function figuresOf(found: DirectoryInspection, nowMs: number): Record<string, number | string> {
  const { keys, tombstones, records, liveBytes, suspectPartitions, newestTimestamp, incarnation } =
    forecastOf(found);
  const { manifest, files } = found;
  const fileBytes = bytesOf(files, 'snapshot') + bytesOf(files, 'log');
  return {
    kind: manifest?.retainTombstones === true ? 'replica' : 'embedded store',
    keys,
    tombstones,
    ...sizesOf(found, nowMs),
    liveRecordBytes: liveBytes,
    recordsInFiles: records,
    snapshotBytes: bytesOf(files, 'snapshot'),
    logFiles: files.filter(({ role }) => role === 'log').length,
    logBytes: bytesOf(files, 'log'),
    fileBytesPerLiveByte: liveBytes === 0 ? 0 : Math.round((fileBytes / liveBytes) * 100) / 100,
    partitions: manifest?.partitions ?? 0,
    suspectPartitions: suspectPartitions.length,
    incarnation,
    newestTimestamp,
  };
}

function sizesOf(found: DirectoryInspection, nowMs: number): Record<string, number> {
  const sizes = { expired: 0, keyBytes: 0, keyBytesMax: 0, valueBytes: 0, valueBytesMax: 0 };
  for (const { key, value, expiresAtMs } of found.entries()) {
    if (expiresAtMs !== 0 && expiresAtMs <= nowMs) sizes.expired += 1;
    sizes.keyBytes += key.length;
    sizes.keyBytesMax = Math.max(sizes.keyBytesMax, key.length);
    sizes.valueBytes += value.length;
    sizes.valueBytesMax = Math.max(sizes.valueBytesMax, value.length);
  }
  return sizes;
}

function bytesOf(files: readonly FileInspection[], wanted: FileRole): number {
  return files.filter(({ role }) => role === wanted).reduce((sum, { bytes }) => sum + bytes, 0);
}

function rowOf([name, value]: [string, number | string]): string[] {
  // As words: `keyBytesMax` is `key bytes max`.
  return [name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`), String(value)];
}
