import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

import { logTailBytes, logTailLines } from './limits.js';

/**
 * The last lines that were written to a log at or after a byte position. Empty if there are none or the log cannot be
 * read: it only explains a failure, and must not replace it with one of its own.
 */
export function logTail(path: string, from: number): string {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    const { size } = fstatSync(file);
    const start = Math.max(from, size - logTailBytes);
    const bytes = Buffer.alloc(Math.max(0, size - start));
    const length = readSync(file, bytes, 0, bytes.length, start);
    return bytes.toString('utf8', 0, length).trimEnd().split('\n').slice(-logTailLines).join('\n');
  } catch {
    return '';
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
