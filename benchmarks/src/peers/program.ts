import { fork, execFileSync } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A server that is no Node program of ours. */
export interface Program {
  readonly pid: number;
  /** Throws with the end of its output if it has ended. */
  requireRunning(): void;
  /** SIGTERM, and SIGKILL if it takes too long, to this very process. */
  stop(): Promise<void>;
}

const guard = fileURLToPath(new URL('./guard.js', import.meta.url));
const shownCharacters = 500;

export async function startProgram(
  program: string,
  words: readonly string[],
  logPath: string,
): Promise<Program> {
  const log = openSync(logPath, 'a');
  const child = fork(guard, [program, ...words], { stdio: ['ignore', log, log, 'ipc'] });
  closeSync(log);
  const exit = once(child, 'exit');
  const [started] = (await once(child, 'message')) as [{ readonly pid: number } | { readonly error: string }];
  if ('error' in started) throw new Error(`${program} cannot be started: ${started.error}`);
  return {
    pid: started.pid,
    requireRunning() {
      if (child.exitCode === null && child.signalCode === null) return;
      throw new Error(`${program} ended: ${readFileSync(logPath, 'utf8').trimEnd().slice(-shownCharacters)}`);
    },
    async stop() {
      if (child.connected) child.disconnect();
      await exit;
    },
  };
}

/** Its first line of version, or undefined if there is no such program. */
export function versionOf(program: string): string | undefined {
  try {
    const output = execFileSync(program, ['--version'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return output.split('\n')[0];
  } catch {
    return undefined;
  }
}

/** Asks again and again until it is so. */
export async function waitUntil(
  what: string,
  isSo: () => Promise<boolean>,
  programs: readonly Program[],
): Promise<void> {
  const endMs = performance.now() + startTimeoutMs;
  for (;;) {
    if (await isSo().catch(() => false)) return;
    for (const program of programs) program.requireRunning();
    if (performance.now() > endMs) throw new Error(`${what} took longer than ${startTimeoutMs / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

const startTimeoutMs = 30_000;
const pollMs = 50;
