import type { ReadableFile } from '../ports.js';

/** @throws if the file ends before `into` is full */
export async function readFully(file: ReadableFile, into: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < into.length;) {
    const count = await file.read(done === 0 ? into : into.subarray(done), position + done);
    if (count === 0) throw new Error('the file ended before its size');
    done += count;
  }
}
