import type { Command } from 'commander';

import { bytesOfArgument } from './bytes.js';
import type { Act, CommandContext } from './command.js';
import { type ExitCode, exitCodes } from './exit-code.js';
import type { CliIo, NewFile } from './io.js';
import { createOutput, type Output } from './output.js';
import { createProgress, type Progress } from './progress.js';
import { recordFields } from './record-line.js';

interface ExportOptions {
  readonly prefix?: string;
}

export function addExportCommand(program: Command, act: Act): void {
  program
    .command('export')
    .description(
      'write every key and value as NDJSON to FILE or standard output; FILE appears once it is complete',
    )
    .argument('[FILE]')
    .option('--prefix <P>', 'only keys that begin with it')
    .action(
      act<ExportOptions>((context, path?: string) =>
        path === undefined || path === '-' ? exportToOutput(context) : exportToFile(path, context),
      ),
    );
}

async function exportToOutput(context: CommandContext<ExportOptions>): Promise<ExitCode> {
  const exported = await exportRecords(context, context.out);
  await context.err.line(`exported ${exported}`);
  return exitCodes.ok;
}

async function exportToFile(path: string, context: CommandContext<ExportOptions>): Promise<ExitCode> {
  const file = await context.io.createFile(path);
  const to = createOutput(file.stream);
  try {
    const exported = await exportRecords(context, to);
    await Promise.race([ended(file), to.broken]);
    await file.commit();
    await context.out.line(context.global.json ? JSON.stringify({ exported }) : `exported ${exported}`);
    return exitCodes.ok;
  } catch (error) {
    file.stream.destroy();
    await file.discard();
    throw error;
  }
}

function ended({ stream }: NewFile): Promise<void> {
  return new Promise((resolve) => stream.end(resolve));
}

async function exportRecords(context: CommandContext<ExportOptions>, to: Output): Promise<number> {
  const { client, io, err, options, signal } = context;
  const prefix =
    options.prefix === undefined
      ? undefined
      : bytesOfArgument(options.prefix, { name: '--prefix', base64: false });
  const entries = client.scan({ prefix, signal });
  const progress: Progress = createProgress(io satisfies CliIo, { err });
  let exported = 0;
  try {
    for await (const entry of entries) {
      await to.line(JSON.stringify(recordFields(entry)));
      exported += 1;
      progress.update({ text: `${exported} exported` });
    }
  } finally {
    progress.stop();
  }
  return exported;
}
