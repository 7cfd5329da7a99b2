import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { runChild } from './child.mjs';
import { root, rootManifest, workspacePackages } from './workspace.mjs';

export class SetUpFailed extends Error {
  constructor(message, exitCode) {
    super(message);
    this.exitCode = exitCode;
  }
}

const stampFile = join(root, 'node_modules', '.kv-setup');

/** Installs what the lock file names, unless that was done already. Its output goes to stderr. */
export async function install() {
  const stamp = installStamp();
  if (isInstalled(stamp)) return;
  process.stderr.write('installing dependencies ...\n');
  const pnpm = rootManifest.packageManager;
  const args = ['-y', pnpm, 'install', '--frozen-lockfile', '--reporter=append-only'];
  await setUpStep('npx', args, 'installing the dependencies failed');
  writeFileSync(stampFile, stamp);
}

/** Builds every package; turbo skips those that did not change. Its output goes to stderr. */
export async function build() {
  await setUpStep('turbo', ['run', 'build', '--output-logs=errors-only'], 'the build failed');
}

async function setUpStep(command, args, failure) {
  const { exitCode, interruptedBy } = await runChild(command, args, { stdout: 2 });
  if (interruptedBy !== undefined) throw new SetUpFailed(`stopped by ${interruptedBy}`, 130);
  if (exitCode !== 0) throw new SetUpFailed(`${failure}: see above`, 1);
}

/** Changes when anything changes that decides what an install does. */
function installStamp() {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}`);
  const manifests = [root, ...workspacePackages().map(({ folder }) => folder)];
  const files = ['pnpm-lock.yaml', 'pnpm-workspace.yaml'].map((name) => join(root, name));
  for (const file of [...files, ...manifests.map((folder) => join(folder, 'package.json'))]) {
    hash.update('\0').update(readFileSync(file));
  }
  return hash.digest('hex');
}

function isInstalled(stamp) {
  return (
    existsSync(stampFile) &&
    readFileSync(stampFile, 'utf8') === stamp &&
    existsSync(join(root, 'node_modules', '.bin', 'turbo')) &&
    workspacePackages().every(
      ({ folder, manifest }) =>
        Object.keys({ ...manifest.dependencies, ...manifest.devDependencies }).length === 0 ||
        existsSync(join(folder, 'node_modules')),
    )
  );
}
