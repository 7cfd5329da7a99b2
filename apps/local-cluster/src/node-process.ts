import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, fstatSync, openSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { KvError } from '@kv/errors';

import { stopTimeoutMs } from './limits.js';
import { exitOf, type NodeExit } from './node-exit.js';
import { waitUntilServing } from './wait-until-serving.js';

export interface LocalNodeOptions {
  readonly id: string;
  /** On 127.0.0.1. */
  readonly port: number;
  /** Its own, made already; also gets the node's output, as `node.log`. */
  readonly dataDirectory: string;
  /** What more to put on the command line of kv-node. */
  readonly arguments: readonly string[];
  /** What to put on the command line of Node itself, before the script. */
  readonly execArguments?: readonly string[];
}

/** One kv-node process that can be ended and started again, on the same port and data. */
export interface LocalNode {
  readonly id: string;
  /** host:port */
  readonly address: string;
  readonly port: number;
  readonly dataDirectory: string;
  readonly logPath: string;
  /** While it runs. */
  readonly pid: number | undefined;
  /** Resolves when the process that runs now ends; undefined if none runs. */
  readonly exit: Promise<NodeExit> | undefined;
  /**
   * Starts the process; does not wait until it serves.
   *
   * @throws KvError internal if it runs already or cannot be started
   */
  start(): void;
  /**
   * Waits until its health check says SERVING.
   *
   * @throws KvError unavailable if the process ends first (with the last lines of its log), timeout; or the reason of
   *   `signal`
   */
  waitUntilServing(options?: { readonly timeoutMs?: number; readonly signal?: AbortSignal }): Promise<void>;
  /** SIGTERM, then SIGKILL if it takes too long. Resolves when the process is gone. */
  stop(): Promise<void>;
  /** Resolves when the process is gone. Default SIGKILL. */
  kill(signal?: NodeJS.Signals): Promise<void>;
}

/** The kv-node command, built. */
export const nodeMain = join(
  createRequire(import.meta.url).resolve('@kv/node/package.json'),
  '../dist/main.js',
);

/** Each node is told these by flag; taken from the environment they would be wrong for all nodes but one. */
const perNodeVariables = new Set([
  'KV_ID',
  'KV_HOST',
  'KV_PORT',
  'KV_ADVERTISE',
  'KV_DATA_DIR',
  'KV_PEERS',
  'KV_JOIN',
]);

interface Running {
  readonly child: ChildProcess;
  readonly exit: Promise<NodeExit>;
}

export function createLocalNode(options: LocalNodeOptions): LocalNode {
  const { id, port, dataDirectory } = options;
  const address = `127.0.0.1:${port}`;
  const logPath = join(dataDirectory, 'node.log');
  let running: Running | undefined;

  const end = async (signal: NodeJS.Signals, boundMs?: number): Promise<void> => {
    if (running === undefined) return;
    const { child, exit } = running;
    child.kill(signal);
    const killer = boundMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), boundMs);
    await exit;
    clearTimeout(killer);
  };

  return {
    id,
    address,
    port,
    dataDirectory,
    logPath,
    get pid() {
      return running?.child.pid;
    },
    get exit() {
      return running?.exit;
    },
    start() {
      if (running !== undefined) throw new KvError('internal', `${id} runs already`);
      running = spawnNode(options, logPath);
      void running.exit.then(() => (running = undefined));
    },
    async waitUntilServing(wait = {}) {
      if (running === undefined) throw new KvError('unavailable', `${id} is not running`);
      await waitUntilServing({ id, address, exit: running.exit, ...wait });
    },
    stop: () => end('SIGTERM', stopTimeoutMs),
    kill: (signal = 'SIGKILL') => end(signal),
  };
}

/**
 * The node holds one end of an IPC channel and ends when the other end closes, however this process dies. It gets a
 * process group of its own: Ctrl-C in a terminal reaches the launcher alone, which then stops the nodes in order.
 */
function spawnNode(options: LocalNodeOptions, logPath: string): Running {
  const { id, port, dataDirectory } = options;
  const log = openLog(id, logPath);
  try {
    const start = fstatSync(log).size;
    const flags = ['--id', id, '--host', '127.0.0.1', '--port', String(port), '--data-dir', dataDirectory];
    const words = [...(options.execArguments ?? []), nodeMain, ...flags, ...options.arguments];
    const child = spawn(process.execPath, words, {
      detached: true,
      env: nodeEnvironment(),
      stdio: ['ignore', log, log, 'ipc'],
    });
    return { child, exit: exitOf(child, { path: logPath, start }) };
  } finally {
    closeSync(log);
  }
}

function openLog(id: string, path: string): number {
  try {
    return openSync(path, 'a');
  } catch (cause) {
    throw new KvError('internal', `${id} cannot write its log ${path}`, { cause });
  }
}

function nodeEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !perNodeVariables.has(name));
  return { ...Object.fromEntries(kept), KV_EXIT_WITH_PARENT: '1' };
}
