import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '');
export const rootManifest = readManifest(root);

/** Every package of the workspace: its folder (absolute) and its package.json. */
export function workspacePackages() {
  return workspacePatterns()
    .flatMap(foldersMatching)
    .filter((folder) => existsSync(join(folder, 'package.json')))
    .map((folder) => ({ folder, manifest: readManifest(folder) }));
}

function readManifest(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}

/** The `packages:` list of pnpm-workspace.yaml, read without a YAML parser: none is installed yet. */
function workspacePatterns() {
  const lines = readFileSync(join(root, 'pnpm-workspace.yaml'), 'utf8').split('\n');
  const items = lines.slice(lines.indexOf('packages:') + 1);
  const end = items.findIndex((line) => !/^\s+- /.test(line));
  return items.slice(0, end).map((line) =>
    line
      .replace(/^\s+- /, '')
      .replace(/['"]/g, '')
      .trim(),
  );
}

function foldersMatching(pattern) {
  if (!pattern.endsWith('/*')) return [join(root, pattern)];
  const parent = join(root, pattern.slice(0, -2));
  if (!existsSync(parent)) return [];
  return readdirSync(parent, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(parent, entry.name));
}
