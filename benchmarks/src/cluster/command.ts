import { writeFile } from 'node:fs/promises';

import { describeMachine } from '../machine.js';
import { measureCluster } from './measure.js';
import { parseOptions } from './options.js';
import type { Report, Result } from './result.js';
import { tableHead, tableRow } from './table.js';

export async function runClusterBenchmark(argv: readonly string[]): Promise<void> {
  const options = parseOptions(argv);
  const print = (line: string): void => void process.stdout.write(`${line}\n`);
  const results: Result[] = [];
  print(tableHead);
  for await (const result of measureCluster(options)) {
    results.push(result);
    print(tableRow(result));
  }
  if (options.json !== undefined) {
    const report: Report = { machine: describeMachine(), results };
    await writeFile(options.json, `${JSON.stringify(report, null, 2)}\n`);
  }
}
