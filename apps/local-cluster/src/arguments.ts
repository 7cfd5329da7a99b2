import { fileURLToPath } from 'node:url';

import { Command, InvalidArgumentError } from 'commander';

import type { LocalClusterOptions } from './options.js';

/** `.data` at the root of the repository. */
const defaultDataDirectory = fileURLToPath(new URL('../../../.data', import.meta.url));

interface Flags {
  readonly nodes: number;
  readonly basePort: number;
  readonly dataDir: string;
}

/**
 * What stands behind `npm start --`. Prints help or a usage error and ends the process, like any command.
 *
 * @param words without node and script
 */
export function parseArguments(words: readonly string[]): LocalClusterOptions {
  const command = new Command('npm start --')
    .description('Starts a cluster of node processes on 127.0.0.1 and keeps it running until Ctrl-C.')
    .option('--nodes <count>', 'how many nodes', wholeNumber, 3)
    .option('--base-port <port>', 'port of the first node; the others follow', wholeNumber, 50_051)
    .option('--data-dir <directory>', 'where the nodes keep their data', defaultDataDirectory)
    .argument('[words...]')
    .usage('[options]')
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, '')) })
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
  command.parse(words, { from: 'user' });
  if (command.args.length > 0) command.error(bareWord(command.args));
  const { nodes, basePort, dataDir } = command.opts<Flags>();
  return { nodes, basePort, dataDirectory: dataDir };
}

/** npm keeps options for itself and passes on only what follows them, unless `--` stands before. */
function bareWord(words: readonly string[]): string {
  return `unexpected "${words.join(' ')}": add \`--\` before the options, as in: npm start -- --nodes 5`;
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}
