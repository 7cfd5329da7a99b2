import type { Command } from 'commander';

import { base64Of, bytesOfArgument, printable } from './bytes.js';
import { type Act, base64Option, wholeNumber } from './command.js';
import { exitCodes } from './exit-code.js';
import { recordFields } from './record-line.js';

interface ScanCommandOptions {
  readonly prefix?: string;
  readonly after?: string;
  readonly limit?: number;
  readonly base64?: boolean;
}

export function addScanCommand(program: Command, act: Act): void {
  program
    .command('scan')
    .description('print each key and its value, in no meaningful order; control characters are written out')
    .option('--prefix <P>', 'only keys that begin with it')
    .option('--after <K>', 'go on behind this key, the last one of an earlier scan')
    .option('--limit <N>', 'entries in all', wholeNumber({ min: 1, max: 0xffff_ffff }))
    .option(...base64Option)
    .action(
      act<ScanCommandOptions>(async ({ client, out, options, global, signal }) => {
        const { prefix, after, limit, base64 = false } = options;
        const entries = client.scan({
          prefix: prefix === undefined ? undefined : bytesOfArgument(prefix, { name: '--prefix', base64 }),
          after: after === undefined ? undefined : bytesOfArgument(after, { name: '--after', base64 }),
          limit,
          signal,
        });
        const show = base64 ? base64Of : printable;
        for await (const entry of entries) {
          const line = global.json
            ? JSON.stringify({ ...recordFields(entry), version: entry.version })
            : `${show(entry.key)}\t${show(entry.value)}`;
          await out.line(line);
        }
        return exitCodes.ok;
      }),
    );
}
