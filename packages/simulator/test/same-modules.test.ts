import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { describe, expect, it } from '@jest/globals';

const execute = promisify(execFile);
const folder = join(import.meta.dirname, '..');

/** Files of this workspace that a program loads, as paths below the package's folder. */
async function modulesOf(program: string): Promise<Set<string>> {
  const { stdout } = await execute(
    process.execPath,
    ['--import', './test/list-modules.mjs', '--input-type=module', '-e', program],
    { cwd: folder, maxBuffer: 64 * 1024 * 1024 },
  );
  const loaded = stdout
    .split('\n')
    .filter((line) => line.startsWith('loaded '))
    .map((line) => line.slice('loaded '.length));
  return new Set(loaded.filter((path) => !path.includes('node_modules')));
}

const production = `
  import { createNode, systemPorts } from '@kv/node';
  import { KvClient } from '@kv/client';
`;

const simulation = `
  import { simulate } from '@kv/simulator';
  await simulate({ seed: 1, scenario: async ({ client }) => { await client().put('k', 'v'); } });
`;

describe('the code that is simulated', () => {
  it('is the code of production: only the simulator and the fakes are added', async () => {
    const [real, simulated] = await Promise.all([modulesOf(production), modulesOf(simulation)]);
    const packageOf = (path: string): string =>
      /(?:packages|apps)\/([^/]+)|(proto)\//.exec(path)?.slice(1).join('') ?? path;
    const added = [...simulated].filter((path) => !real.has(path));
    expect(new Set(added.map(packageOf))).toEqual(new Set(['simulator', 'testing']));
    expect([...real].filter((path) => !simulated.has(path))).toEqual([]);
    // What decides is loaded by both: a list that is too short would show nothing.
    for (const name of ['hlc', 'storage', 'replication', 'client', 'node']) {
      expect([...real].filter((path) => packageOf(path) === name).length).toBeGreaterThan(5);
    }
  }, 60_000);
});
