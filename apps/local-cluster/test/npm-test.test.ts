import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { describe, expect, it } from '@jest/globals';

import { root, runCommand } from './run-command.js';
import { createStage } from './stage.js';

const stage = createStage();

const allPassed = {
  numPassedTests: 3,
  numFailedTests: 0,
  numRuntimeErrorTestSuites: 0,
  numPendingTests: 0,
  numTodoTests: 0,
};

/** What the last line of `npm test` is made of, from what jest left in each package; undefined: nothing. */
async function summaryOf(results: Readonly<Record<string, object | string | undefined>>): Promise<unknown> {
  const directory = await stage.directory();
  const packages = Object.keys(results).map((name) => ({
    folder: join(directory, name),
    manifest: { name },
  }));
  for (const { folder, manifest } of packages) {
    await mkdir(folder);
    const result = results[manifest.name];
    const text = typeof result === 'string' ? result : JSON.stringify(result);
    if (result !== undefined) await writeFile(join(folder, '.jest-result.json'), text);
  }
  const module = pathToFileURL(join(root, 'scripts', 'run', 'test-results.mjs')).href;
  const program = `
    import { sumResults } from ${JSON.stringify(module)};
    console.log(JSON.stringify(sumResults(${JSON.stringify(packages)})));
  `;
  const { stdout } = await runCommand(process.execPath, ['--input-type=module', '--eval', program]);
  return JSON.parse(stdout);
}

describe('npm test', () => {
  it('adds up what every package reports', async () => {
    const second = { ...allPassed, numFailedTests: 2, numPendingTests: 1, numTodoTests: 1 };
    expect(await summaryOf({ first: allPassed, second })).toMatchObject({ passed: 6, failed: 2, skipped: 2 });
  });

  it('counts a package that reports nothing, or half a report, as failed, and names it', async () => {
    const summary = await summaryOf({ good: allPassed, missing: undefined, cut: '{"numPassedTests":3,' });
    expect(summary).toMatchObject({ passed: 3, failed: 2 });
    expect(JSON.stringify(summary)).toMatch(/missing.*cut/);
  });

  it('counts a suite that could not even be loaded as failed', async () => {
    expect(await summaryOf({ broken: { ...allPassed, numRuntimeErrorTestSuites: 1 } })).toMatchObject({
      failed: 1,
    });
  });

  it('takes no arguments, rather than ignore them', async () => {
    const script = join(root, 'scripts', 'run.mjs');
    const { exitCode, stderr } = await runCommand(process.execPath, [script, 'test', 'storage']);
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--filter') });
  });
});
