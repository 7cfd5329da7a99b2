import { spawn } from 'node:child_process';
import { delimiter, join } from 'node:path';

import { root } from './workspace.mjs';

const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * Runs a command at the root. Resolves to its exit code and, if a signal ended the run, the signal's name. Spawned, not
 * spawnSync: a blocked process could not pass on the signal that ends it, and would leave the tree below running.
 *
 * @param stdout 'inherit', or 2 to keep our own stdout for the result alone
 */
export function runChild(command, args, { stdout = 'inherit' } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: root,
      env: childEnvironment(),
      stdio: ['ignore', stdout, 'inherit'],
    });
    let interruptedBy;
    const forward = (signal) => {
      interruptedBy = signal;
      child.kill(signal);
    };
    for (const signal of forwarded) process.on(signal, forward);
    const settle = (act) => {
      for (const signal of forwarded) process.off(signal, forward);
      act();
    };
    child.on('error', (error) => settle(() => reject(error)));
    child.on('exit', (code, signal) =>
      settle(() => resolve({ exitCode: code ?? 1, interruptedBy: interruptedBy ?? signal ?? undefined })),
    );
  });
}

/**
 * Without what npm added for this script (a child npm or pnpm would take it for its own configuration), and with
 * pnpm on the PATH, which turbo asks for.
 */
function childEnvironment() {
  const kept = Object.entries(process.env).filter(([name]) => !/^(npm_|INIT_CWD$)/i.test(name));
  const environment = Object.fromEntries(kept);
  return {
    ...environment,
    PATH: [join(root, 'node_modules', '.bin'), environment.PATH].join(delimiter),
    TURBO_TELEMETRY_DISABLED: '1',
  };
}
