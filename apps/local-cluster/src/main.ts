#!/usr/bin/env node
import { isKvError } from '@kv/errors';

import { parseArguments } from './arguments.js';
import { type LocalCluster, startLocalCluster } from './cluster.js';
import { describeExit } from './node-exit.js';

/** What `npm start` runs once everything is built: a cluster in the foreground. */
async function main(): Promise<void> {
  const options = parseArguments(process.argv.slice(2));
  const stopping = stopRequested();
  let cluster: LocalCluster;
  try {
    cluster = await startLocalCluster({ ...options, signal: stopping });
  } catch (error) {
    if (stopping.aborted) return;
    if (!isKvError(error)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = error.code === 'invalid-argument' ? 2 : 1;
    return;
  }
  const { nodes, endpoints } = cluster;
  process.stdout.write(`cluster ready: ${endpoints.join(',')}\n${commandsToTry(endpoints)}`);
  const allEnded = Promise.all(
    nodes.map(async ({ id, exit }) => {
      const how = await exit;
      if (how !== undefined && !stopping.aborted) process.stderr.write(`${describeExit(id, how)}\n`);
    }),
  );
  await Promise.race([allEnded, aborted(stopping)]);
  if (!stopping.aborted) {
    process.stderr.write('no node is left running\n');
    process.exitCode = 1;
  }
  await cluster.stop();
}

/** Aborted by the first Ctrl-C, SIGTERM or closed terminal. Later ones change nothing: stopping has its own bound. */
function stopRequested(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => controller.abort());
  }
  return controller.signal;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Where the kv command looks by itself. */
const defaultEndpoints = '127.0.0.1:50051,127.0.0.1:50052,127.0.0.1:50053';

function commandsToTry(endpoints: readonly string[]): string {
  const list = endpoints.join(',');
  const where = list === defaultEndpoints ? '' : ` --endpoints ${list}`;
  const commands = ['put greeting hello', 'get greeting', 'status'];
  return commands.map((command) => `  npm run -s kv -- ${command}${where}\n`).join('');
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});
