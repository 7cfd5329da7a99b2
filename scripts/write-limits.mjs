/** Writes docs/LIMITS.md from every `limits.ts`, so that the list cannot fall behind the code. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { workspacePackages } from './run/workspace.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

const introduction = `# Limits

Everything that is kept, queued or waited for has a bound, with a reason. This list is made from the \`limits.ts\` of each
package by \`npm run gen\`; where a limit can be changed, the package's README says by which option or flag.
`;

const limitPattern = /(?:\/\*\*((?:(?!\*\/).)*)\*\/\s*)?^export const (\w+) =\s*([^;]+);/gms;

/** @param {string} source */
function limitsOf(source) {
  return [...source.matchAll(limitPattern)].map(([, comment, name, value]) => ({
    name,
    value: value.replace(/\s+/g, ' '),
    reason: (comment ?? '').replace(/\s*\n\s*\*/g, '').trim(),
  }));
}

/** @param {{ name: string, value: string, reason: string }} limit */
const row = ({ name, value, reason }) => `| \`${name}\` | \`${value}\` | ${reason.replaceAll('|', '\\|')} |`;

const sections = workspacePackages()
  .map(({ folder, manifest }) => ({ name: manifest.name, file: join(folder, 'src', 'limits.ts') }))
  .sort((a, b) => a.name.localeCompare(b.name))
  .flatMap(({ name, file }) => {
    try {
      return [{ name, limits: limitsOf(readFileSync(file, 'utf8')) }];
    } catch (error) {
      if (error.code === 'ENOENT') return [];
      throw error;
    }
  })
  .map(({ name, limits }) =>
    [`## ${name}`, '', '| limit | value | why |', '| --- | --- | --- |', ...limits.map(row)].join('\n'),
  );

writeFileSync(join(root, 'docs', 'LIMITS.md'), `${[introduction, ...sections].join('\n')}\n`);
