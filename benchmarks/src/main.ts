#!/usr/bin/env node
import { runClusterBenchmark } from './cluster/command.js';
import { runStorageBenchmark } from './storage/command.js';

const words = process.argv.slice(2);
const run = words.includes('--storage')
  ? runStorageBenchmark(words.filter((word) => word !== '--storage'))
  : runClusterBenchmark(words);

run.catch((error: unknown) => {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
