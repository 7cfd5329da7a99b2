import type { Command } from 'commander';

import { base64Of, bytesOfArgument, textOf } from './bytes.js';
import { type Act, base64Option } from './command.js';
import { exitCodes } from './exit-code.js';
import { bytesField } from './record-line.js';

export function addGetCommand(program: Command, act: Act): void {
  program
    .command('get')
    .description('print the value of KEY; a value that is no text comes as its bare bytes, with no newline')
    .argument('<KEY>')
    .option(...base64Option)
    .action(
      act<{ base64?: boolean }>(async ({ client, out, err, options, global, signal }, key) => {
        const base64 = options.base64 === true;
        const entry = await client.getEntry(bytesOfArgument(key, { name: 'KEY', base64 }), { signal });
        if (entry === undefined) {
          if (global.json) await out.line(JSON.stringify({ found: false }));
          await err.line('not found');
          return exitCodes.notFound;
        }
        const { value, version, expiresAtMs } = entry;
        if (global.json) {
          await out.line(
            JSON.stringify({ found: true, ...bytesField('value', value), version, expiresAtMs }),
          );
        } else if (base64) await out.line(base64Of(value));
        else {
          await out.write(value);
          if (textOf(value) !== undefined) await out.write('\n');
        }
        return exitCodes.ok;
      }),
    );
}
