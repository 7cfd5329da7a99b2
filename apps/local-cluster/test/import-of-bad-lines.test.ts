import { beforeAll, describe, expect, it } from '@jest/globals';

import type { LocalCluster } from '../src/index.js';
import { runKv } from './run-command.js';
import { createStage } from './stage.js';

const stage = createStage();
let cluster: LocalCluster;

beforeAll(async () => {
  cluster = await stage.cluster();
});

describe('bad input: NDJSON', () => {
  it('invalid lines are reported by number, and the rest goes in', async () => {
    const where = ['--endpoints', cluster.endpoints.join(',')];
    const lines = [
      '{"key":"first","value":"1"}',
      '{"key":"cut short',
      '{"key":"no value"}',
      '{"key":"","value":"empty key"}',
      '{"key":"wrong type","value":7}',
      '[]',
      '{"keyBase64":"not base64!","value":"x"}',
      '{"key":"last","valueBase64":"/wD+"}',
    ];
    const { exitCode, stdout, stderr } = await runKv(['import', '-', ...where], {
      input: `${lines.join('\n')}\n`,
    });
    expect(exitCode).toBe(3);
    for (const number of [2, 3, 4, 5, 6, 7])
      expect(stdout + stderr).toMatch(new RegExp(`\\bline ${number}\\b`));
    for (const number of [1, 8]) expect(stdout + stderr).not.toMatch(new RegExp(`\\bline ${number}\\b`));

    const exported = await runKv(['export', '--timeout-ms', '30000', ...where]);
    expect(exported.exitCode).toBe(0);
    const entries = exported.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { key: string });
    expect(entries.sort((a, b) => (a.key < b.key ? -1 : 1))).toEqual([
      { key: 'first', value: '1' },
      { key: 'last', valueBase64: '/wD+' },
    ]);
  });

  it('export then import gives an equal store', async () => {
    const from = ['--endpoints', cluster.endpoints.join(',')];
    const expiresAtMs = Date.now() + 3_600_000;
    const input = [
      { key: 'text', value: 'ü\n"quoted"\u2028' },
      { keyBase64: '/wA=', valueBase64: 'AP8=' },
      { key: 'expires', value: 'later', expiresAtMs },
      { key: 'empty', value: '' },
    ];
    const ndjson = input.map((entry) => `${JSON.stringify(entry)}\n`).join('');
    expect((await runKv(['import', '-', ...from], { input: ndjson })).exitCode).toBe(0);
    const first = await runKv(['export', '--timeout-ms', '30000', ...from]);

    const other = await stage.cluster({ nodes: 1 });
    const to = ['--endpoints', other.endpoints.join(',')];
    expect((await runKv(['import', '-', ...to], { input: first.stdout })).exitCode).toBe(0);
    const second = await runKv(['export', '--timeout-ms', '30000', ...to]);
    // An expiry travels as the time that is left, and so is moved by what the way takes.
    const expiries = [first, second].map(({ stdout }) => Number(/"expiresAtMs":(\d+)/.exec(stdout)?.[1]));
    for (const each of expiries) expect(Math.abs(each - expiresAtMs)).toBeLessThan(60_000);
    const sorted = (text: string): string[] =>
      text
        .replace(/"expiresAtMs":\d+/, '"expiresAtMs":…')
        .trimEnd()
        .split('\n')
        .sort();
    expect(sorted(second.stdout)).toEqual(sorted(first.stdout));
    expect(sorted(second.stdout).length).toBeGreaterThanOrEqual(input.length);
  });
});
