import { type ChildProcess, spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { nodeMain } from '../src/node-process.js';

export const root = fileURLToPath(new URL('../../..', import.meta.url));
const cliMain = join(createRequire(import.meta.url).resolve('@kv/cli/package.json'), '../dist/main.js');
const { setTimeout, clearTimeout, Promise } = globalThis;

export interface Outcome {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly child: ChildProcess;
  readonly outcome: Promise<Outcome>;
  /** What it wrote so far. */
  output(): { readonly stdout: string; readonly stderr: string };
}

export interface StartOptions {
  readonly cwd?: string;
  /** Added to this process's environment, from which npm's own variables are taken out. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A process that is killed if it lives too long, so that a story that waits for its end has one. */
export function startCommand(command: string, args: readonly string[], options: StartOptions = {}): Started {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(npm_|INIT_CWD$)/i.test(name));
  const child = spawn(command, args, {
    cwd: options.cwd ?? root,
    env: { ...Object.fromEntries(inherited), ...options.env },
    stdio: 'pipe',
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  child.stdin.on('error', () => undefined); // It may end before it read everything.
  const bound = setTimeout(() => child.kill('SIGKILL'), 110_000);
  const outcome = new Promise<Outcome>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exitCode, signal) => {
      clearTimeout(bound);
      resolve({ exitCode, signal, ...output });
    });
  });
  return { child, outcome, output: () => output };
}

export async function runCommand(
  command: string,
  args: readonly string[],
  { input = '', ...options }: StartOptions & { readonly input?: string } = {},
): Promise<Outcome> {
  const { child, outcome } = startCommand(command, args, options);
  child.stdin?.end(input);
  return outcome;
}

/** The kv command. */
export function startKv(args: readonly string[]): Started {
  return startCommand(process.execPath, [cliMain, ...args]);
}

export function runKv(args: readonly string[], options: { readonly input?: string } = {}): Promise<Outcome> {
  return runCommand(process.execPath, [cliMain, ...args], options);
}

/** The kv-node command, for starts that are refused. */
export function runNode(args: readonly string[], options: StartOptions = {}): Promise<Outcome> {
  return runCommand(process.execPath, [nodeMain, ...args], options);
}
