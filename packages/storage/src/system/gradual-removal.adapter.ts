import { type FileHandle, open, unlink } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';

import { removalPauseMs, removalStepBytes, removedAtOnceBytesMax } from '../limits.js';

/** A file without a name, which goes as a whole if the process does. */
interface Nameless {
  readonly handle: FileHandle;
  bytes: number;
}

/**
 * Removes long files without holding up the machine. A system that removes a file of 64 MiB gives back its 16,000 pages in one go,
 * which takes a processor for a tenth of a second, and writers wait for it; a snapshot removes several. So the name goes at once, and
 * the rest piece by piece: of an open file without a name nothing is left after a crash.
 */
export class GradualRemoval {
  readonly #backlog: Nameless[] = [];
  #bytes = 0;
  #isShrinking = false;

  async remove(path: string): Promise<void> {
    const file = await openIfLong(path);
    try {
      await unlink(path);
    } catch (error) {
      await file?.handle.close();
      throw error;
    }
    if (file === undefined) return;
    this.#backlog.push(file);
    this.#bytes += file.bytes;
    if (!this.#isShrinking) void this.#shrinkAll();
  }

  async #shrinkAll(): Promise<void> {
    this.#isShrinking = true;
    for (let file = this.#backlog[0]; file !== undefined; file = this.#backlog[0]) {
      try {
        await this.#shrink(file);
      } catch {
        // Closed, it goes in one go.
      }
      this.#backlog.shift();
      this.#bytes -= file.bytes;
      await file.handle.close().catch(() => undefined);
    }
    this.#isShrinking = false;
  }

  async #shrink(file: Nameless): Promise<void> {
    while (file.bytes > removalStepBytes) {
      await pause(removalPauseMs, undefined, { ref: false });
      // The more there is, the faster: else a store that writes fast would fill the disk.
      const step = Math.min(file.bytes, Math.max(removalStepBytes, Math.floor(this.#bytes / 64)));
      await file.handle.truncate(file.bytes - step);
      file.bytes -= step;
      this.#bytes -= step;
    }
  }
}

async function openIfLong(path: string): Promise<Nameless | undefined> {
  // There an open file cannot be removed.
  if (process.platform === 'win32') return undefined;
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, 'r+');
    const { size: bytes } = await handle.stat();
    if (bytes > removedAtOnceBytesMax) return { handle, bytes };
  } catch {
    // Whatever is wrong with it, its removal tells.
  }
  await handle?.close();
  return undefined;
}
