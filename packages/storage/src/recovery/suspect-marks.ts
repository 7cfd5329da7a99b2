import type { Manifest, ManifestFile } from './manifest.js';

/** Which partitions may have lost acknowledged records, and which incarnation of the directory this is. */
export interface SuspectMarks {
  readonly partitions: ReadonlySet<number>;
  readonly incarnation: number;
  /** Takes effect at once, and is durable when it resolves. */
  mark(partitions: readonly number[]): Promise<void>;
  /** @returns what clears durably, but not what was marked after this call */
  clear(partitions: readonly number[]): () => Promise<void>;
  /** Marks everything. */
  begin(incarnation: number): Promise<void>;
}

/**
 * @param manifest absent for an engine that keeps nothing
 * @param found marked, and perhaps not durably yet
 */
export function createSuspectMarks(
  { partitions }: { readonly partitions: number },
  manifest?: ManifestFile,
  found: Iterable<number> = [],
): SuspectMarks {
  return new ManifestMarks(partitions, manifest, found);
}

class ManifestMarks implements SuspectMarks {
  readonly partitions: Set<number>;
  readonly #count: number;
  readonly #manifest: ManifestFile | undefined;
  #volatileIncarnation = 1;
  /** When a partition was marked last: a clearing that began before must not take that mark away. */
  readonly #markedAt = new Map<number, number>();
  #marks = 0;

  constructor(count: number, manifest: ManifestFile | undefined, found: Iterable<number>) {
    this.partitions = new Set([...(manifest?.current.suspect ?? []), ...found]);
    this.#count = count;
    this.#manifest = manifest;
  }

  get incarnation(): number {
    return this.#manifest?.incarnation ?? this.#volatileIncarnation;
  }

  mark(marked: readonly number[]): Promise<void> {
    this.#add(marked);
    return this.#note({});
  }

  clear(cleared: readonly number[]): () => Promise<void> {
    const before = this.#marks;
    const goes = (partition: number): boolean => (this.#markedAt.get(partition) ?? 0) <= before;
    return async () => {
      await this.#manifest?.update(({ suspect }) => {
        const gone = new Set(cleared.filter(goes));
        return { suspect: suspect.filter((partition) => !gone.has(partition)) };
      });
      for (const partition of cleared.filter(goes)) this.partitions.delete(partition);
    };
  }

  async begin(incarnation: number): Promise<void> {
    this.#add(Array.from({ length: this.#count }, (_, partition) => partition));
    await this.#note({ incarnation });
    this.#volatileIncarnation = incarnation;
  }

  #add(marked: Iterable<number>): void {
    this.#marks += 1;
    for (const partition of marked) {
      this.partitions.add(partition);
      this.#markedAt.set(partition, this.#marks);
    }
  }

  #note(change: { readonly incarnation?: number }): Promise<void> {
    const suspect = (): Partial<Manifest> => ({ ...change, suspect: sorted(this.partitions) });
    return this.#manifest?.update(suspect) ?? Promise.resolve();
  }
}

function sorted(partitions: ReadonlySet<number>): number[] {
  return [...partitions].sort((a, b) => a - b);
}
