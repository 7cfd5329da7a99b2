import type { Command } from 'commander';

import { bytesOfArgument } from './bytes.js';
import { type Act, base64Option } from './command.js';
import { exitCodes } from './exit-code.js';
import { printWriteResult, wantsPrevious, type WriteResultOptions } from './write-result.js';

export function addDeleteCommand(program: Command, act: Act): void {
  program
    .command('delete')
    .description('remove KEY and print the version of the removal; an absent key is no error')
    .argument('<KEY>')
    .option('--previous', 'print what it removed')
    .option(...base64Option)
    .action(
      act<WriteResultOptions>(async (context, key) => {
        const { client, options, signal } = context;
        const base64 = options.base64 === true;
        const result = await client.delete(bytesOfArgument(key, { name: 'KEY', base64 }), {
          previous: wantsPrevious(context),
          signal,
        });
        await printWriteResult(result, context);
        return exitCodes.ok;
      }),
    );
}
