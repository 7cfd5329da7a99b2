import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { publicPackages } from '../../../scripts/packages/pack.mjs';
import { javascriptBlocks, toCommonJs } from './example.js';
import { install, type Installation, type RunningNode, startInstalledNode } from './installation.js';

const workspace = join(import.meta.dirname, '../../..');
const packages = await publicPackages();

let installation: Installation;
let node: RunningNode;

beforeAll(async () => {
  installation = await install();
  node = await startInstalledNode(installation);
}, 180_000);

afterAll(async () => {
  await node.stop();
  await installation.remove();
});

const runExample = async (file: string, source: string): Promise<string> =>
  installation.run(file, source, { KV_ENDPOINTS: node.endpoint });

describe('an installed package', () => {
  it.each(packages)('$name: its README example runs by import', async ({ name, directory }) => {
    const [example] = javascriptBlocks(await readFile(join(directory, 'README.md'), 'utf8'));
    expect(example).toMatch(/assert/);
    expect(example).toContain(name);
    await runExample('example.mjs', example ?? '');
  });

  it.each(packages)('$name: its README example runs by require', async ({ directory }) => {
    const [example] = javascriptBlocks(await readFile(join(directory, 'README.md'), 'utf8'));
    const source = toCommonJs(example ?? '');
    expect(source).not.toMatch(/^import /m);
    await runExample('example.cjs', source);
  });
});

describe('the README of the project', () => {
  it('shows examples that run', async () => {
    const examples = javascriptBlocks(await readFile(join(workspace, 'README.md'), 'utf8'));
    expect(examples.length).toBeGreaterThanOrEqual(2);
    for (const example of examples) {
      expect(example).toMatch(/assert/);
      await runExample('readme.mjs', example);
    }
  });
});
