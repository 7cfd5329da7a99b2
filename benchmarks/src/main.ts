#!/usr/bin/env node
import { writeFile } from 'node:fs/promises';

import { describeMachine } from './cluster/machine.js';
import { measureCluster } from './cluster/measure.js';
import { parseOptions } from './cluster/options.js';
import type { Report, Result } from './cluster/result.js';
import { tableHead, tableRow } from './cluster/table.js';

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
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

main().catch((error: unknown) => {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
