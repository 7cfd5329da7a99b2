import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

const workspace = join(import.meta.dirname, '../../..');
const read = (file: string): string => readFileSync(join(workspace, file), 'utf8');
const files = execFileSync('git', ['ls-files'], { cwd: workspace, encoding: 'utf8' })
  .split('\n')
  .filter((file) => file !== '' && existsSync(join(workspace, file)));
const documents = files.filter((file) => file.endsWith('.md'));
const limitFiles = files.filter((file) => file.endsWith('/src/limits.ts'));

describe('documentation', () => {
  it.each(documents)('%s: every link inside the project leads somewhere', (document) => {
    const links = [...read(document).matchAll(/\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)/g)].map(
      ([, link]) => link ?? '',
    );
    const broken = links.filter((link) => !existsSync(join(workspace, dirname(document), link)));
    expect(broken).toEqual([]);
  });

  it.each(documents)('%s: every npm script that it shows exists', (document) => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const shown = [...read(document).matchAll(/npm run (?:-s )?([a-z][a-z:-]*)/g)].map(
      ([, name]) => name ?? '',
    );
    expect(shown.filter((name) => scripts[name] === undefined)).toEqual([]);
  });

  it.each(limitFiles)('docs/LIMITS.md lists every limit of %s', (file) => {
    const limits = [...read(file).matchAll(/^export const (\w+)/gm)].map(([, name]) => name ?? '');
    expect(limits).not.toEqual([]);
    const table = read('docs/LIMITS.md');
    expect(limits.filter((name) => !table.includes(`\`${name}\``))).toEqual([]);
  });

  it('finds what it checks', () => {
    expect(documents.length).toBeGreaterThan(15);
    expect(limitFiles.length).toBeGreaterThan(3);
  });
});
