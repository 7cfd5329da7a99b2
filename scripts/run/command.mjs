import { endWithNpm } from './end-with-npm.mjs';
import { runApp } from './run-app.mjs';
import { build, install, SetUpFailed } from './set-up.mjs';
import { runTests } from './run-tests.mjs';

const commands = {
  setup: async () => {
    await install();
    await build();
  },
  start: (words) => runApp({ folder: 'apps/local-cluster', words, build: 'always' }),
  test: runTests,
  kv: (words) => runApp({ folder: 'apps/cli', words, build: 'if-missing' }),
  node: (words) => runApp({ folder: 'apps/node', words, build: 'if-missing' }),
  sim: (words) => runApp({ folder: 'packages/simulator', words, build: 'always' }),
  bench: (words) => runApp({ folder: 'benchmarks', words, build: 'always' }),
};

/** Runs one of the root's scripts; its failures become one sentence and an exit code. */
export async function runCommand([name, ...words]) {
  if (!Object.hasOwn(commands, name ?? '')) {
    process.stderr.write(`usage: node scripts/run.mjs ${Object.keys(commands).join('|')} [options]\n`);
    process.exitCode = 2;
    return;
  }
  endWithNpm();
  try {
    await commands[name](words);
  } catch (error) {
    if (!(error instanceof SetUpFailed)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = error.exitCode;
  }
}
