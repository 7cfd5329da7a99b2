import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { describe, expect, it } from '@jest/globals';

import { World } from '../src/world/world.js';

const execute = promisify(execFile);

/** Each would make two runs of one seed differ. */
const leaks: readonly (readonly [string, () => unknown])[] = [
  ['Date.now', () => Date.now()],
  ['new Date', () => new Date()],
  ['performance.now', () => performance.now()],
  ['setTimeout', () => setTimeout(() => undefined, 0)],
  ['setImmediate', () => setImmediate(() => undefined)],
  ['queueMicrotask', () => queueMicrotask(() => undefined)],
  ['Math.random', () => Math.random()],
  ['randomUUID', () => crypto.randomUUID()],
];

describe('the real world', () => {
  it.each(leaks)('is out of bounds in a simulation: %s', async (_, touch) => {
    const world = new World();
    await world.run(async () => {
      try {
        touch();
      } catch {
        // Whoever swallows it is found all the same.
      }
      return Promise.resolve();
    });
    expect(world.defects).toMatchObject([{ kind: 'trap' }]);
    expect(touch).not.toThrow();
  });

  it('does not let an exception go unseen', async () => {
    const world = new World();
    await world.run(async () => {
      world.after(1, { label: 0 }, () => {
        throw new Error('thrown');
      });
      await world.sleep(10);
    });
    expect(world.defects.map(({ kind }) => kind)).toEqual(['exception']);
  });

  it('does not let a rejection that nobody handles go unseen', async () => {
    // In a process of its own: jest takes such rejections for itself.
    const program = `
      import { simulate } from '@kv/simulator';
      await simulate({ seed: 1, scenario: async ({ sleep }) => { void Promise.reject(new Error('mine')); await sleep(1); } })
        .catch((error) => { console.log(error.message); });
    `;
    const { stdout } = await execute(process.execPath, ['--input-type=module', '-e', program], {
      cwd: join(import.meta.dirname, '..'),
    });
    expect(stdout).toMatch(/^unhandled-rejection at .* mine/);
  }, 60_000);

  it('says so when nothing is left to wait for', async () => {
    const world = new World();
    await expect(world.run(() => new Promise(() => undefined))).rejects.toThrow(/nothing is left/);
  });
});
