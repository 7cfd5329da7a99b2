import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { describe, expect, it } from '@jest/globals';

const execute = promisify(execFile);
const suite = join(import.meta.dirname, 'suite.mjs');

/** The suite's own count: a suite that ends early, or skips what the manifest leaves out, has fewer. */
const assertionsMin = 5_000;

describe("abstract-level's suite, unmodified", () => {
  it.each(['disk', 'memory'])('passes over a store: %s', async (place) => {
    const { stdout } = await execute(process.execPath, [suite, place], { maxBuffer: 64 * 1024 * 1024 });
    expect(stdout).not.toMatch(/^not ok/m);
    const closing = /\n1\.\.(\d+)\n# tests (\d+)\n# pass {2}(\d+)\n\n# ok\s*$/.exec(stdout);
    expect(closing).not.toBeNull();
    const [planned, run, passed] = closing!.slice(1).map(Number);
    expect([run, passed]).toEqual([planned, planned]);
    expect(passed).toBeGreaterThanOrEqual(assertionsMin);
  });
});
