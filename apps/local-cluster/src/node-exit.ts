import type { ChildProcess } from 'node:child_process';

import { logTail } from './log-tail.js';

/** How a node process ended. */
export interface NodeExit {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The last lines that it logged in this run. */
  readonly log: string;
}

/** @param log where its output goes, and how long that file was when it started */
export function exitOf(child: ChildProcess, log: { path: string; start: number }): Promise<NodeExit> {
  return new Promise((resolve) => {
    child.once('exit', (exitCode, signal) =>
      resolve({ exitCode, signal, log: logTail(log.path, log.start) }),
    );
    child.once('error', (error) => {
      // Not spawned at all: 'exit' never comes.
      if (child.pid === undefined) resolve({ exitCode: null, signal: null, log: error.message });
    });
  });
}

/** For people: how a node ended, and what it said last. */
export function describeExit(id: string, { exitCode, signal, log }: NodeExit): string {
  const how = signal === null ? `ended with exit code ${exitCode ?? 'none'}` : `was ended by ${signal}`;
  return log === '' ? `${id} ${how}` : `${id} ${how}; its log ends:\n${log}`;
}
