import type { DirectoryInspection, RecordView } from '@kv/storage';
import type { Command } from 'commander';

import type { ActOffline } from '../command.js';
import { exitCodes } from '../exit-code.js';
import { recordFields } from '../record-line.js';
import { inspectStore } from './inspect-store.js';
import { counted, forecastOf, warnOfOwner } from './verdict.js';

interface DumpOptions {
  readonly prefix?: string;
  readonly all?: boolean;
  readonly history?: boolean;
}

export function addDumpCommand(storage: Command, act: ActOffline): void {
  storage
    .command('dump')
    .description('print every entry as NDJSON, in no particular order, as export does: import takes it')
    .argument('<DIR>')
    .option('--prefix <P>', 'only keys that begin with it')
    .option('--all', 'what was deleted or has expired too, and the version of each')
    .option('--history', 'every record of every file that counts, as they were written, with file and batch')
    .action(
      act<DumpOptions>(async ({ io, out, err, options, signal }, directory) => {
        const found = await inspectStore(io, directory);
        const { suspectPartitions } = forecastOf(found);
        await warnOfOwner(found, err);
        const prefix = new TextEncoder().encode(options.prefix ?? '');
        let dumped = 0;
        for await (const { record, ...where } of recordsOf(found, options, io.nowMs())) {
          signal.throwIfAborted();
          if (!beginsWith(record.key, prefix)) continue;
          const isPlain = options.all !== true && options.history !== true;
          await out.line(JSON.stringify(isPlain ? lineOf(record) : { ...where, ...detailsOf(record) }));
          dumped += 1;
        }
        await err.line(`dumped ${dumped}`);
        if (suspectPartitions.length === 0) return exitCodes.ok;
        await err.line(
          `${counted(suspectPartitions.length, 'partition')} may have lost records; what is left of them is here`,
        );
        return exitCodes.failed;
      }),
    );
}

async function* recordsOf(
  found: DirectoryInspection,
  { all, history }: DumpOptions,
  nowMs: number,
): AsyncGenerator<{ readonly record: RecordView; readonly file?: string; readonly batch?: number }> {
  if (history === true) {
    yield* found.records();
    return;
  }
  for (const record of found.entries()) {
    const hasExpired = record.expiresAtMs !== 0 && record.expiresAtMs <= nowMs;
    if (all === true || !(record.tombstone || hasExpired)) yield { record };
  }
}

function lineOf({ key, value, expiresAtMs }: RecordView): object {
  return recordFields({ key, value, expiresAtMs: expiresAtMs === 0 ? undefined : expiresAtMs });
}

/** Lines with `tombstone` are no records to `kv import`: they have no value. */
function detailsOf(record: RecordView): object {
  const { value, valueBase64, ...rest } = lineOf(record) as Record<string, unknown>;
  const { version, tombstone, operationId } = record;
  return {
    ...rest,
    ...(tombstone ? { tombstone } : value === undefined ? { valueBase64 } : { value }),
    version,
    ...(operationId === undefined ? {} : { operationId: Buffer.from(operationId).toString('hex') }),
  };
}

function beginsWith(key: Uint8Array, prefix: Uint8Array): boolean {
  return prefix.every((byte, index) => key[index] === byte);
}
