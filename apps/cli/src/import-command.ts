import type { Command } from 'commander';

import { type Act, type CommandContext, wholeNumber } from './command.js';
import { messageOf, sentenceOf } from './errors.js';
import { type ExitCode, exitCodes } from './exit-code.js';
import { importRecords, type ImportCounts } from './import-records.js';
import { createProgress, type Progress } from './progress.js';

interface ImportOptions {
  readonly concurrency: number;
  readonly deadlineMs: number;
}

export function addImportCommand(program: Command, act: Act): void {
  program
    .command('import')
    .description('store the records of an NDJSON FILE, or of standard input')
    .argument('[FILE]')
    .option('--concurrency <N>', 'records under way at a time', wholeNumber({ min: 1, max: 10_000 }), 64)
    .option(
      '--deadline-ms <ms>',
      'how long a record is retried before it counts as failed',
      wholeNumber({ min: 1 }),
      60_000,
    )
    .action(
      act<ImportOptions>(async (context, path?: string) => {
        const { io, err, signal } = context;
        const file = path === undefined || path === '-' ? { stream: io.stdin() } : await io.openFile(path);
        const bytes = 'bytes' in file ? file.bytes : undefined;
        const progress = createProgress(io, { err, bytes });
        // Input may never come, as from a terminal.
        const onAbort = (): void => void file.stream.destroy(signal.reason as Error);
        signal.addEventListener('abort', onAbort, { once: true });
        try {
          return await runImport(file.stream, context, progress);
        } finally {
          signal.removeEventListener('abort', onAbort);
          progress.stop();
          file.stream.destroy();
        }
      }),
    );
}

async function runImport(
  stream: AsyncIterable<Uint8Array>,
  context: CommandContext<ImportOptions>,
  progress: Progress,
): Promise<ExitCode> {
  const { client, io, options, global, out, signal } = context;
  const counts: ImportCounts = { imported: 0, failed: 0, invalid: 0, skipped: 0 };
  const told = async (): Promise<void> => {
    progress.stop();
    await out.line(global.json ? JSON.stringify(counts) : textOf(counts));
  };
  try {
    await importRecords(stream, counts, {
      ...options,
      timeoutMs: global.timeoutMs,
      client,
      io,
      signal,
      onProgress: (bytes) => progress.update({ bytes, text: textOf(counts) }),
      onTrouble: (number, kind, error) =>
        progress.report(
          `line ${number}: ${kind}: ${kind === 'invalid' ? messageOf(error) : sentenceOf(error)}`,
        ),
    });
  } catch (error) {
    // Interrupted, or the input broke off: what is in is in.
    await told();
    throw error;
  }
  await told();
  return counts.failed + counts.invalid === 0 ? exitCodes.ok : exitCodes.failed;
}

function textOf({ imported, failed, invalid, skipped }: ImportCounts): string {
  return `imported ${imported}, failed ${failed}, invalid ${invalid}, skipped ${skipped}`;
}
