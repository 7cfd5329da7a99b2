import type { DirectoryInspection, FileInspection } from '@kv/storage';
import type { Command } from 'commander';

import type { ActOffline } from '../command.js';
import { exitCodes } from '../exit-code.js';
import { formatTable } from '../table.js';
import { inspectStore } from './inspect-store.js';
import { counted, type Verdict, verdictOf, warnOfOwner } from './verdict.js';

export function addVerifyCommand(storage: Command, act: ActOffline): void {
  storage
    .command('verify')
    .description('check every checksum and tell what opening would do; exit code 3 if anything may be lost')
    .argument('<DIR>')
    .action(
      act(async ({ io, out, err, global }, directory) => {
        const found = await inspectStore(io, directory);
        const verdict = verdictOf(found);
        if (global.json) await out.line(JSON.stringify({ verdict, ...found }));
        else {
          await out.line(formatTable(header, found.files.map(rowOf)));
          for (const line of linesOf(found, verdict)) await out.line(line);
        }
        await warnOfOwner(found, err);
        return verdict === 'intact' ? exitCodes.ok : exitCodes.failed;
      }),
    );
}

const header = ['FILE', 'ROLE', 'BYTES', 'BATCHES', 'RECORDS', 'STATE'];

function rowOf({ name, role, bytes, content }: FileInspection): (string | number)[] {
  if (content === undefined) return [name, role, bytes, '', '', ''];
  return [name, role, bytes, content.batches, content.records, stateOf(content)];
}

function stateOf({ end, cutBytes, damage }: NonNullable<FileInspection['content']>): string {
  if (damage.length > 0) return `damaged: ${damage.join('; ')}`;
  return end === 'short' ? `intact but for ${counted(cutBytes, 'byte')} of a batch begun` : 'intact';
}

function linesOf({ refusal, recovery }: DirectoryInspection, verdict: Verdict): string[] {
  if (recovery === undefined) return [`${verdict}: ${refusal ?? 'it would not be opened'}`];
  const { records, keys, tombstones, cutBytes, damage, suspectPartitions, incarnation } = recovery;
  const entries = `${counted(keys, 'key')} and ${counted(tombstones, 'tombstone')}`;
  return [
    `opening reads ${counted(records, 'record')}: ${entries}`,
    ...(cutBytes > 0
      ? [`opening cuts ${counted(cutBytes, 'byte')} of a batch that was never acknowledged`]
      : []),
    ...damage.map((reason) => `opening finds ${reason}`),
    ...(suspectPartitions.length > 0
      ? [
          `opening marks ${counted(suspectPartitions.length, 'partition')} that may have lost records: ${suspectPartitions.join(', ')} (incarnation ${incarnation})`,
        ]
      : []),
    refusal === undefined ? verdict : `${verdict}: ${refusal}`,
  ];
}
