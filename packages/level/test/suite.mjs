// abstract-level's own suite, as its package brings it, over KvLevel. abstract-level-suite.test.ts runs it in a process of
// its own: tape ends with the process, and would take jest's global `test` for its own.
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { KvLevel } from '../dist/index.js';

const require = createRequire(import.meta.url);
const test = require('tape');
const suite = require('abstract-level/test');

const folder = mkdtempSync(join(tmpdir(), 'kv-level-suite-'));
const inMemory = process.argv[2] === 'memory';
let count = 0;

test.onFinish(() => rmSync(folder, { recursive: true, force: true }));
suite({
  test,
  factory: (options) => new KvLevel(inMemory ? ':memory:' : join(folder, String((count += 1))), options),
});
