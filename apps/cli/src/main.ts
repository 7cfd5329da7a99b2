#!/usr/bin/env node
import { run } from './run.js';
import { systemIo } from './system-io.js';

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // Once: whoever asks twice wants it to end at once.
  process.once(signal, () => interrupted.abort());
}

void run(process.argv.slice(2), systemIo(interrupted.signal)).then((exitCode) => {
  process.exitCode = exitCode;
});
