import { createReadStream, createWriteStream } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

import { KvClient } from '@kv/client';
import { inspectDirectory, nodeFileSystem, systemTimers } from '@kv/storage';

import type { CliIo, NewFile } from './io.js';

export function systemIo(signal: AbortSignal): CliIo {
  return {
    env: process.env,
    stdin: () => process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    signal,
    nowMs: () => Date.now(),
    sleep: (delayMs, until) => delay(delayMs, undefined, { signal: until }),
    connect: (endpoints, options) => new KvClient(endpoints, options),
    inspect: (directory) =>
      inspectDirectory(directory, { fileSystem: nodeFileSystem(), timers: systemTimers() }),
    async openFile(path) {
      // Opened here, so that a missing file is told before anything else happens.
      const handle = await open(path);
      const { size } = await handle.stat();
      return { stream: createReadStream(path, { fd: handle }), bytes: size };
    },
    createFile,
  };
}

async function createFile(path: string): Promise<NewFile> {
  const isSpecial = await stat(path).then(
    (stats) => !stats.isFile(),
    () => false,
  );
  // A pipe or a device takes bytes as they come.
  const writtenTo = isSpecial ? path : `${path}.partial`;
  const handle = await open(writtenTo, 'w');
  const stream = createWriteStream(writtenTo, { fd: handle, flush: !isSpecial });
  return {
    stream,
    commit: () => (isSpecial ? Promise.resolve() : rename(writtenTo, path)),
    discard: () => (isSpecial ? Promise.resolve() : rm(writtenTo, { force: true })),
  };
}
