import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { describe, expect, it, jest } from '@jest/globals';

// A child process fills its memory: on a busy machine that takes longer than the default allows.
jest.setTimeout(60_000);

const filler = fileURLToPath(new URL('./fill-memory.mjs', import.meta.url));

describe('a small heap', () => {
  it('is no limit to what a store holds: it ends where memoryBytesMax says', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, ['--max-old-space-size=24', filler]);
    const [code, keys] = stdout.trim().split(' ');
    expect(code).toBe('memory-full');
    expect(Number(keys)).toBeGreaterThan(300_000);
  });
});
