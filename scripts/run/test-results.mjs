import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const resultFileOf = (folder) => join(folder, '.jest-result.json');

/**
 * Adds up what jest wrote for each package. A package without a result did not run to its end (not built, or a test
 * called process.exit) and counts as one failure; so does a suite that could not even be loaded.
 */
export function sumResults(packages) {
  const total = { passed: 0, failed: 0, skipped: 0, complaints: [] };
  for (const { folder, manifest } of packages) {
    const result = readResult(resultFileOf(folder));
    if (result === undefined) {
      total.failed += 1;
      total.complaints.push(`no test result from ${manifest.name}`);
      continue;
    }
    const failed = result.numFailedTests + result.numRuntimeErrorTestSuites;
    total.passed += result.numPassedTests;
    total.failed += failed;
    total.skipped += result.numPendingTests + result.numTodoTests;
    if (failed > 0) total.complaints.push(`${failed} failed in ${manifest.name}`);
  }
  return total;
}

function readResult(file) {
  if (!existsSync(file)) return undefined;
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined; // cut short by whatever ended jest
  }
}
