import { mkdtemp, readdir, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { removalStepBytes, removedAtOnceBytesMax } from '../limits.js';
import { GradualRemoval } from './gradual-removal.adapter.js';

let directory = '';

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kv-removal-'));
});

afterEach(() => rm(directory, { recursive: true }));

/** Bytes of each file of this process that has lost its name in the directory. */
async function namelessBytes(): Promise<number[]> {
  const sizes: number[] = [];
  for (const descriptor of await readdir('/proc/self/fd')) {
    const path = `/proc/self/fd/${descriptor}`;
    const target = await readlink(path).catch(() => '');
    if (!target.startsWith(directory) || !target.endsWith('(deleted)')) continue;
    const found = await stat(path).catch(() => undefined);
    if (found !== undefined) sizes.push(found.size);
  }
  return sizes;
}

const path = (name: string): string => join(directory, name);

describe('the removal of files', () => {
  it('takes the name of a long one at once, and the rest piece by piece', async () => {
    const removal = new GradualRemoval();
    const bytes = removedAtOnceBytesMax + 2 * removalStepBytes;
    for (const name of ['a', 'b']) await writeFile(path(name), Buffer.alloc(bytes, 1));
    await removal.remove(path('a'));
    await removal.remove(path('b'));
    expect(await readdir(directory)).toEqual([]);
    if (process.platform !== 'linux') return;
    const seen = new Set<number>();
    for (let sizes = await namelessBytes(); sizes.length > 0; sizes = await namelessBytes()) {
      for (const size of sizes) seen.add(size);
    }
    // Two files, each as it was and shorter each time.
    expect([...seen]).toEqual([...seen].sort((x, y) => y - x));
    expect(seen.size).toBeGreaterThan(2);
    expect(Math.max(...seen)).toBeLessThanOrEqual(bytes);
  });

  it('takes a short one in one go', async () => {
    await writeFile(path('short'), Buffer.alloc(removedAtOnceBytesMax));
    await new GradualRemoval().remove(path('short'));
    expect(await readdir(directory)).toEqual([]);
    if (process.platform === 'linux') expect(await namelessBytes()).toEqual([]);
  });

  it('says what is wrong', async () => {
    const removal = new GradualRemoval();
    await expect(removal.remove(path('absent'))).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(removal.remove(directory)).rejects.toMatchObject({
      code: expect.stringMatching(/EISDIR|EPERM/),
    });
  });
});
