import { isKvError, KvError } from '@kv/errors';

import type { LocalEngineFiles } from './local-engine.js';
import { toFileError } from '../system/file-errors.js';

/** Marks of what may be lost, and when they may go (protocol rules 14, 15). */
export class Losses {
  readonly #files: LocalEngineFiles;
  readonly #snapshot: () => Promise<void>;

  constructor(files: LocalEngineFiles, ports: { readonly snapshot: () => Promise<void> }) {
    this.#files = files;
    this.#snapshot = ports.snapshot;
  }

  mark(partitions: readonly number[]): Promise<void> {
    return noting(this.#files.suspects.mark(partitions));
  }

  async clear(partitions: readonly number[]): Promise<void> {
    const clear = this.#files.suspects.clear(partitions);
    await noting(this.#files.log.sync());
    // Or the next opening would find the damage again, and take it for another loss.
    if (this.#files.damaged) await this.#snapshot();
    await noting(clear());
  }

  async begin(incarnation: number): Promise<void> {
    const { suspects } = this.#files;
    if (!Number.isSafeInteger(incarnation) || incarnation <= suspects.incarnation) {
      throw new KvError(
        'invalid-argument',
        `incarnation ${incarnation} is not above ${suspects.incarnation}`,
      );
    }
    await noting(suspects.begin(incarnation));
  }
}

async function noting(change: Promise<void>): Promise<void> {
  try {
    await change;
  } catch (error) {
    throw isKvError(error) ? error : toFileError(error, 'cannot write the manifest');
  }
}
