import { describe, expect, it } from '@jest/globals';

import { World } from '../src/world/world.js';

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

  it('does not let an exception or a rejection go unseen', async () => {
    const world = new World();
    await world.run(async () => {
      world.after(1, { label: 0 }, () => {
        throw new Error('thrown');
      });
      world.after(2, { label: 0 }, () => void Promise.reject(new Error('rejected')));
      await world.sleep(10);
    });
    expect(world.defects.map(({ kind }) => kind)).toEqual(['exception', 'unhandled-rejection']);
  });

  it('says so when nothing is left to wait for', async () => {
    const world = new World();
    await expect(world.run(() => new Promise(() => undefined))).rejects.toThrow(/nothing is left/);
  });
});
