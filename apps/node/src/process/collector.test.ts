import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { expect, it } from '@jest/globals';

const collector = new URL('../../dist/process/collector.adapter.js', import.meta.url).href;

it('gives V8 a flag that it knows', async () => {
  const program = `const { makeRoomForBuffers } = await import(process.argv[1]); makeRoomForBuffers(); globalThis.gc();`;
  const args = ['--expose-gc', '--input-type=module', '-e', program, collector];
  // Of one that it does not know it would complain here.
  expect(await promisify(execFile)(process.execPath, args)).toEqual({ stdout: '', stderr: '' });
});
