import { rmSync } from 'node:fs';

import { runChild } from './child.mjs';
import { install } from './set-up.mjs';
import { resultFileOf, sumResults } from './test-results.mjs';
import { rootManifest, workspacePackages } from './workspace.mjs';

/** Real processes under real deadlines: beside other tests on two cores they would measure the neighbours. */
const runsAlone = '@kv/local-cluster';

/** Builds, runs every package's tests, and ends with the line `N passed, N failed` for the whole workspace. */
export async function runTests(words) {
  if (words.length > 0) {
    process.stderr.write(
      `npm test takes no arguments; one package is tested by: npx ${rootManifest.packageManager} --filter NAME test\n`,
    );
    process.exitCode = 2;
    return;
  }
  await install();
  const tested = workspacePackages().filter(({ manifest }) => manifest.scripts?.test !== undefined);
  // A file of an earlier run would count for a suite that did not run; turbo brings back those of unchanged packages.
  for (const { folder } of tested) rmSync(resultFileOf(folder), { force: true });
  const together = await turboTest(`--filter=!${runsAlone}`);
  const alone = together.interruptedBy === undefined ? await turboTest(`--filter=${runsAlone}`) : together;
  const ranWell = together.exitCode === 0 && alone.exitCode === 0 && alone.interruptedBy === undefined;
  process.exitCode = report(sumResults(tested)) && ranWell ? 0 : 1;
}

/** `--continue=dependencies-successful`: what cannot be built is not tested with an older build. */
function turboTest(filter) {
  const flags = ['--continue=dependencies-successful', '--output-logs=new-only', '--concurrency=2'];
  return runChild('turbo', ['run', 'test', filter, ...flags]);
}

function report({ passed, failed, skipped, complaints }) {
  const skips = skipped > 0 ? [`${skipped} skipped`] : [];
  process.stdout.write([...skips, ...complaints, `${passed} passed, ${failed} failed`, ''].join('\n'));
  return failed === 0;
}
