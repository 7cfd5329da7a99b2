/** What users install: the tarballs of all public packages, made by `pnpm pack`, which resolves `workspace:` and `catalog:`. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const pnpm = join(root, 'node_modules/.bin/pnpm');

/** @returns {Promise<{ name: string, version: string, directory: string }[]>} */
export async function publicPackages() {
  const { stdout } = await run(pnpm, ['list', '--recursive', '--depth', '-1', '--json'], { cwd: root });
  const all = JSON.parse(stdout);
  return all
    .filter((entry) => entry.private !== true && entry.path !== root.replace(/\/$/, ''))
    .map(({ name, version, path }) => ({ name, version, directory: path }));
}

/**
 * @param {string} destination an existing folder
 * @returns {Promise<{ name: string, version: string, directory: string, tarball: string }[]>}
 */
export async function packPublicPackages(destination) {
  const packed = [];
  for (const each of await publicPackages()) {
    await run(pnpm, ['pack', '--pack-destination', destination], { cwd: each.directory });
    const file = `${each.name.replace('@', '').replace('/', '-')}-${each.version}.tgz`;
    packed.push({ ...each, tarball: join(destination, file) });
  }
  return packed;
}
