import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createRecordingLogger } from '@kv/testing';

import { open } from '../src/embedded/open.js';

describe('a file that the manifest does not name', () => {
  let directory = '';

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'kv-stray-'));
  });

  afterEach(() => rm(directory, { recursive: true }));

  const file = (content: string) => (path: string) => writeFile(path, content);
  it.each<[string, string, (path: string) => Promise<unknown>]>([
    ['far beyond the last log', 'log-9999999999.kv', file('x')],
    ['empty, next after the last log', 'log-0000000002.kv', file('')],
    ['empty, beyond a gap', 'log-0000000003.kv', file('')],
    ['a directory beyond the last log', 'log-0000000009.kv', (path) => mkdir(path)],
    ['a directory next after the last log', 'log-0000000002.kv', (path) => mkdir(path)],
    ['a directory named as a snapshot', 'snapshot-0000000009.kv', (path) => mkdir(path)],
  ])('%s: damages nothing, at no opening', async (_, name, make) => {
    const first = await open(directory);
    await first.put('a', '1');
    await first.close();
    await make(join(directory, name));
    for (let round = 1; round <= 4; round += 1) {
      const logger = createRecordingLogger();
      const store = await open(directory, {}, { logger });
      expect(store.get('a')).toBe('1');
      await store.put(`round ${round}`, 'kept');
      await store.snapshot();
      expect(store.stats()).toMatchObject({ suspectPartitions: 0, keys: round + 1 });
      if (name.startsWith('log')) expect(logger.messages('warn')).toHaveLength(round === 1 ? 1 : 0);
      await store.close();
    }
    expect(await readdir(directory)).toContain(name.startsWith('log') ? `ignored-${name}` : name);
  });
});
