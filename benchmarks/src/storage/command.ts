import { writeFile } from 'node:fs/promises';

import { describeMachine } from '../machine.js';
import { measureStorage } from './measure.js';
import { parseOptions } from './options.js';
import { reportOf } from './report.js';
import type { Measurement } from './task.js';

/** Progress goes to standard error, so that standard output is the report alone. */
export async function runStorageBenchmark(argv: readonly string[]): Promise<void> {
  const options = parseOptions(argv);
  const machine = describeMachine();
  const measurements: Measurement[] = [];
  for await (const measurement of measureStorage(options)) {
    measurements.push(measurement);
    process.stderr.write(`${progressOf(measurement)}\n`);
  }
  const { cpu, cores, node } = machine;
  process.stdout.write(
    `${cores} cores (${cpu}), Node ${node}${options.cpu ? '; rates are per second of processor time' : ''}\n\n${reportOf(measurements)}`,
  );
  if (options.json !== undefined) {
    await writeFile(options.json, `${JSON.stringify({ machine, options, measurements }, null, 2)}\n`);
  }
}

function progressOf({ step, system, round, figures }: Measurement): string {
  const shown = Object.entries(figures).map(
    ([name, value]) => `${name} ${value.toLocaleString('en', { maximumFractionDigits: 2 })}`,
  );
  return `${step} ${round} ${system}: ${shown.join(', ')}`;
}
