import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { build, install } from './set-up.mjs';
import { root } from './workspace.mjs';

/**
 * Runs an app's command in this very process: its exit code is ours, signals reach it directly, and nothing lies
 * between it and whoever kills it.
 *
 * @param build 'always', or 'if-missing' for commands that are called often and must be fast
 */
export async function runApp({ folder, words, build: when }) {
  const main = join(root, folder, 'dist', 'main.js');
  // Whoever sets KV_SKIP_SETUP has built already; a rebuild beside running processes would pull files from under them.
  const mayBuild = process.env.KV_SKIP_SETUP !== '1';
  if (mayBuild && (when === 'always' || !existsSync(main))) {
    await install();
    await build();
  }
  enterCallersDirectory();
  process.argv = [process.execPath, main, ...words];
  await import(pathToFileURL(main).href);
}

/** npm moved to the root; paths that the user typed are meant from where he typed them. */
function enterCallersDirectory() {
  const { INIT_CWD: directory, npm_package_json: manifest } = process.env;
  if (directory !== undefined && manifest === join(root, 'package.json')) process.chdir(directory);
}
