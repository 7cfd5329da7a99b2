/** An empty folder outside the workspace into which the packed packages are installed, as a user would. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { packPublicPackages } from '../../../scripts/packages/pack.mjs';

const execute = promisify(execFile);

export interface Installation {
  readonly folder: string;
  /** Runs a script with this node; resolves with what it printed, rejects where it fails. */
  run(file: string, source: string, environment?: Record<string, string>): Promise<string>;
  remove(): Promise<void>;
}

export async function install(): Promise<Installation> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'kv-installed-')));
  const packed = await packPublicPackages(folder);
  const fromTarballs = Object.fromEntries(packed.map(({ name, tarball }) => [name, `file:${tarball}`]));
  await writeFile(
    join(folder, 'package.json'),
    JSON.stringify({ private: true, dependencies: fromTarballs, overrides: fromTarballs }),
  );
  await execute('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'], {
    cwd: folder,
    env: environmentOfAUser(),
  });
  return {
    folder,
    run: async (file, source, environment = {}) => {
      await writeFile(join(folder, file), source);
      const { stdout } = await execute(process.execPath, [file], {
        cwd: folder,
        env: { ...environmentOfAUser(), ...environment },
        timeout: 30_000,
      });
      return stdout;
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

export interface RunningNode {
  readonly endpoint: string;
  stop(): Promise<void>;
}

/** A cluster of one, from the installed `kv-node` command. */
export async function startInstalledNode({ folder }: Installation): Promise<RunningNode> {
  const port = await freePort();
  const child = spawn(
    join(folder, 'node_modules/.bin/kv-node'),
    ['--id', 'node1', '--port', String(port), '--data-dir', join(folder, 'data')],
    { cwd: folder, env: environmentOfAUser(), stdio: ['ignore', 'pipe', 'inherit'] },
  );
  await Promise.race([
    once(child.stdout, 'data'),
    once(child, 'exit').then(() => Promise.reject(new Error('kv-node ended instead of listening'))),
  ]);
  return {
    endpoint: `127.0.0.1:${port}`,
    stop: async () => {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
    },
  };
}

/** Without what a package manager adds for its own scripts. */
function environmentOfAUser(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_|^NODE_/i.test(name)));
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
