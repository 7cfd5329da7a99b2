import type { Command } from 'commander';

import type { ActOffline } from '../command.js';
import { addDumpCommand } from './dump-command.js';
import { addStatsCommand } from './stats-command.js';
import { addVerifyCommand } from './verify-command.js';

/** Commands on a data directory, of a node or of an embedded store, that is not in use. They change nothing in it. */
export function addStorageCommand(program: Command, act: ActOffline): void {
  const storage = program
    .command('storage')
    .description('read a data directory offline; its owner should not be running');
  addVerifyCommand(storage, act);
  addDumpCommand(storage, act);
  addStatsCommand(storage, act);
}
