import type { Command } from 'commander';

import { bytesOfArgument } from './bytes.js';
import { type Act, base64Option, wholeNumber } from './command.js';
import { exitCodes } from './exit-code.js';
import { printWriteResult, wantsPrevious, type WriteResultOptions } from './write-result.js';

interface PutCommandOptions extends WriteResultOptions {
  readonly ttlMs?: number;
}

export function addPutCommand(program: Command, act: Act): void {
  program
    .command('put')
    .description('store VALUE under KEY and print the version; a VALUE that begins with - comes after --')
    .argument('<KEY>')
    .argument('<VALUE>')
    .option('--ttl-ms <ms>', 'how long the value lives; 0 = for ever', wholeNumber({ min: 0 }))
    .option('--previous', 'print what it replaced')
    .option(...base64Option)
    .action(
      act<PutCommandOptions>(async (context, key, value) => {
        const { client, options, signal } = context;
        const base64 = options.base64 === true;
        const result = await client.put(
          bytesOfArgument(key, { name: 'KEY', base64 }),
          bytesOfArgument(value, { name: 'VALUE', base64 }),
          { ttlMs: options.ttlMs, previous: wantsPrevious(context), signal },
        );
        await printWriteResult(result, context);
        return exitCodes.ok;
      }),
    );
}
