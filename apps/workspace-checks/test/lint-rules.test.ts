import { describe, expect, it } from '@jest/globals';
import { Linter } from 'eslint';

import { importDirection, portsOnly } from '../../../scripts/lint/rules.mjs';

const linter = new Linter();

function complaints(code: string): string[] {
  return linter
    .verify(code, [{ rules: portsOnly as unknown as Linter.RulesRecord }])
    .map(({ message }) => message);
}

/** What the rules for one file of one package say about an import. */
function directionComplaints(file: string, module: string): string[] {
  const config = importDirection as unknown as Linter.Config[];
  return linter.verify(`import '${module}';`, config, { filename: file }).map(({ message }) => message);
}

describe('the ban on what is nondeterministic', () => {
  it.each([
    ['Date.now()', 'Clock'],
    ['new Date()', 'Clock'],
    ['performance.now()', 'Clock'],
    ['process.hrtime()', 'Clock'],
    ['setTimeout(f, 1)', 'Timers'],
    ['setInterval(f, 1)', 'Timers'],
    ['globalThis.setImmediate(f)', 'Timers'],
    ['AbortSignal.timeout(1)', 'Timers'],
    ["import 'node:timers';", 'Timers'],
    ['Math.random()', 'Random'],
    ['crypto.randomUUID()', 'Random'],
    ["import 'node:crypto';", 'Random'],
    ["import 'node:fs/promises';", 'FileSystem'],
    ["import 'fs';", 'FileSystem'],
    ["import 'node:net';", 'Transport'],
    ["import 'node:http2';", 'Transport'],
    ["import 'node:child_process';", 'apps'],
    ['process.env.HOME', 'options'],
    ['console.log(1)', 'Logger'],
    ["import('node:fs')", 'dynamic import'],
  ])('%s is answered with the port to take: %s', (code, port) => {
    expect(complaints(code)).toEqual([expect.stringContaining(port)]);
  });

  it('leaves alone what is determined', () => {
    expect(complaints('new Date(0); Math.max(1, 2); clock.now();')).toEqual([]);
  });
});

describe('the direction of imports', () => {
  it.each([
    ['packages/hlc/src/clock.ts', '@kv/errors'],
    ['packages/storage/src/engine/engine.ts', '@kv/replication'],
    ['packages/storage/src/system/file.adapter.ts', '@kv/client'],
    ['packages/ring/src/claim.ts', '@kv/storage'],
    ['packages/client/src/kv-client.ts', '@kv/storage'],
    ['proto/src/index.ts', '@kv/streams'],
    ['packages/level/src/kv-level.ts', '@kv/replication'],
    ['packages/client/src/kv-client.test.ts', '@kv/node'],
    ['apps/cli/src/run.ts', '@kv/replication'],
  ])('%s may not import %s', (file, module) => {
    expect(directionComplaints(file, module)).toEqual([expect.stringContaining('Imports point down only')]);
  });

  it.each([
    ['packages/storage/src/engine/engine.ts', '@kv/hlc'],
    ['packages/storage/src/engine.test.ts', '@kv/testing'],
    ['apps/node/src/node.ts', '@kv/replication'],
    ['packages/client/src/grpc.adapter.ts', '@kv/proto'],
    ['apps/node/src/grpc/link-lane.ts', '@kv/streams'],
  ])('%s may import %s', (file, module) => {
    expect(directionComplaints(file, module)).toEqual([]);
  });
});
