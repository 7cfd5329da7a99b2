import { Command, CommanderError } from 'commander';

import { type Act, type ActOffline, addGlobalOptions, globalOptionsOf } from './command.js';
import { addDeleteCommand } from './delete-command.js';
import { errorObjectOf, exitCodeOf, sentenceOf } from './errors.js';
import { type ExitCode, exitCodes } from './exit-code.js';
import { addExportCommand } from './export-command.js';
import { addGetCommand } from './get-command.js';
import { addImportCommand } from './import-command.js';
import type { CliIo } from './io.js';
import { createOutput } from './output.js';
import { addPutCommand } from './put-command.js';
import { addRingCommand } from './ring-command.js';
import { addScanCommand } from './scan-command.js';
import { addStatusCommand } from './status-command.js';
import { addStorageCommand } from './storage/storage-command.js';
import { softwareVersion } from './version.js';

const commands = [
  addPutCommand,
  addGetCommand,
  addDeleteCommand,
  addScanCommand,
  addStatusCommand,
  addRingCommand,
  addImportCommand,
  addExportCommand,
];

/**
 * The `kv` command.
 * @param argv what follows the command's name
 */
export async function run(argv: readonly string[], io: CliIo): Promise<ExitCode> {
  const out = createOutput(io.stdout);
  const err = createOutput(io.stderr);
  const stop = new AbortController();
  const { signal } = stop;
  const onInterrupt = (): void => stop.abort(new Error('interrupted'));
  if (io.signal.aborted) onInterrupt();
  io.signal.addEventListener('abort', onInterrupt);
  out.broken.catch((error: unknown) => stop.abort(error));

  let exitCode: ExitCode = exitCodes.ok;
  const actOffline: ActOffline = (handler) =>
    async function (this: Command, ...given) {
      const global = globalOptionsOf(this, io.env);
      const context = { io, global, options: this.opts<never>(), out, err, signal };
      exitCode = await handler(context, ...(given.slice(0, -2) as string[]));
    };
  const act: Act = (handler) =>
    async function (this: Command, ...given) {
      const global = globalOptionsOf(this, io.env);
      const client = io.connect(global.endpoints, {
        keyEncoding: 'binary',
        valueEncoding: 'binary',
        consistency: global.consistency,
        timeoutMs: global.timeoutMs,
      });
      try {
        const context = { io, client, global, options: this.opts<never>(), out, err, signal };
        exitCode = await handler(context, ...(given.slice(0, -2) as string[]));
      } finally {
        await client.close();
      }
    };

  const program = programOf({ act, actOffline }, io);
  try {
    await program.parseAsync(argv, { from: 'user' });
    // A full disk may show only now.
    await out.flushed();
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    const failed = exitCodeOf(error);
    if (failed !== exitCodes.ok) {
      const isJson = program.opts<{ json?: boolean }>().json === true;
      await err
        .line(isJson ? JSON.stringify(errorObjectOf(error)) : `kv: ${sentenceOf(error)}`)
        .catch(() => undefined);
    }
    return failed;
  } finally {
    io.signal.removeEventListener('abort', onInterrupt);
  }
}

function programOf(
  { act, actOffline }: { readonly act: Act; readonly actOffline: ActOffline },
  io: CliIo,
): Command {
  const program = new Command('kv')
    .description('Reads and writes a kv cluster.')
    .version(softwareVersion())
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
    })
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('(kv --help tells more)')
    .addHelpText('after', '\nExit codes: 0 done, 1 not found, 2 wrong usage, 3 failed.');
  addGlobalOptions(program);
  for (const add of commands) add(program, act);
  addStorageCommand(program, actOffline);
  return program;
}
