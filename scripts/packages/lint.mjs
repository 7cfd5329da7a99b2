/** publint and "are the types wrong?" over each tarball that would be published. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { packPublicPackages } from './pack.mjs';

const bin = fileURLToPath(new URL('../../node_modules/.bin', import.meta.url));

async function check(command, args) {
  const child = spawn(join(bin, command), args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  const [code] = await once(child, 'close');
  return { passed: code === 0, output };
}

const folder = await mkdtemp(join(tmpdir(), 'kv-packages-'));
try {
  for (const { name, tarball } of await packPublicPackages(folder)) {
    const checks = await Promise.all([
      check('publint', ['run', tarball, '--strict']),
      check('attw', [tarball, '--profile', 'esm-only', '--no-emoji', '--no-color']),
    ]);
    const failed = checks.filter(({ passed }) => !passed);
    process.stdout.write(`${failed.length === 0 ? 'ok    ' : 'failed'} ${name}\n`);
    for (const { output } of failed) process.stdout.write(output);
    if (failed.length > 0) process.exitCode = 1;
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
