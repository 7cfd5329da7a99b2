import type { ManifestFile } from './manifest.js';

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
  { partitions: count }: { readonly partitions: number },
  manifest?: ManifestFile,
  found: Iterable<number> = [],
): SuspectMarks {
  const partitions = new Set([...(manifest?.current.suspect ?? []), ...found]);
  let volatileIncarnation = 1;
  /** When a partition was marked last: a clearing that began before must not take that mark away. */
  const markedAt = new Map<number, number>();
  let marks = 0;

  const note = (change: { readonly incarnation?: number }): Promise<void> =>
    manifest?.update(() => ({ ...change, suspect: sorted(partitions) })) ?? Promise.resolve();
  const add = (marked: Iterable<number>): void => {
    marks += 1;
    for (const partition of marked) {
      partitions.add(partition);
      markedAt.set(partition, marks);
    }
  };

  return {
    partitions,
    get incarnation() {
      return manifest?.current.incarnation ?? volatileIncarnation;
    },
    mark(marked) {
      add(marked);
      return note({});
    },
    clear(cleared) {
      const before = marks;
      const goes = (partition: number): boolean => (markedAt.get(partition) ?? 0) <= before;
      return async () => {
        await manifest?.update(({ suspect }) => {
          const gone = new Set(cleared.filter(goes));
          return { suspect: suspect.filter((partition) => !gone.has(partition)) };
        });
        for (const partition of cleared.filter(goes)) partitions.delete(partition);
      };
    },
    async begin(next) {
      add(Array.from({ length: count }, (_, partition) => partition));
      await note({ incarnation: next });
      volatileIncarnation = next;
    },
  };
}

function sorted(partitions: ReadonlySet<number>): number[] {
  return [...partitions].sort((a, b) => a - b);
}
