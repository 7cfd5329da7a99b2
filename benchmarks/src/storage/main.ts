#!/usr/bin/env node
import { runStorageBenchmark } from './command.js';

runStorageBenchmark(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
