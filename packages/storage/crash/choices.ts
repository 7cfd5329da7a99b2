import type { SeededRandom, UnsyncedChange } from '@kv/testing';

/** Operations after which a crash may leave something else than before them. */
export const changing: ReadonlySet<string> = new Set([
  'create',
  'write',
  'sync',
  'rename',
  'remove',
  'syncDirectory',
]);

/**
 * Which unsynced changes reached the disk. All combinations, if there are at most `max`; else none, all, each alone, all
 * but each, every prefix, and random ones up to `max`.
 *
 * The array given out is used again for the next choice.
 */
export function* choicesOf(
  unsynced: readonly UnsyncedChange[],
  { max, random }: { readonly max: number; readonly random: SeededRandom },
): Generator<Uint8Array> {
  const choice = new Uint8Array(unsynced.length);
  const all = unsynced.map(({ versions }) => Math.min(versions, 255));
  let combinations = 1;
  for (const versions of all) combinations = Math.min(combinations * (versions + 1), max + 1);
  if (combinations <= max) {
    yield* combinationsOf(choice, all);
    return;
  }
  let given = 0;
  for (const make of structured(choice, all)) {
    if (given === max) return;
    make();
    yield choice;
    given += 1;
  }
  for (; given < max; given += 1) {
    // Some crashes lose most of it, some little.
    const share = random.float();
    for (let index = 0; index < choice.length; index += 1) {
      choice[index] = random.float() < share ? 1 + Math.floor(random.float() * all[index]!) : 0;
    }
    yield choice;
  }
}

function* combinationsOf(choice: Uint8Array, all: readonly number[]): Generator<Uint8Array> {
  choice.fill(0);
  for (;;) {
    yield choice;
    let index = 0;
    while (index < choice.length && choice[index] === all[index]) {
      choice[index] = 0;
      index += 1;
    }
    if (index === choice.length) return;
    choice[index]! += 1;
  }
}

function* structured(choice: Uint8Array, all: readonly number[]): Generator<() => void> {
  yield () => choice.fill(0);
  yield () => choice.set(all);
  for (let index = 0; index < all.length; index += 1) {
    yield () => {
      choice.fill(0);
      choice[index] = all[index]!;
    };
    yield () => {
      choice.set(all);
      choice[index] = 0;
    };
    yield () => {
      choice.set(all);
      choice.fill(0, index);
    };
  }
}

const logFile = /\/log-\d+\.kv$/;

/**
 * A log file reaches over something that did not arrive. Its full length with bad bytes in it cannot be told from rot of
 * what was synced, so recovery may call it suspect (protocol rule 15); of nothing else that a crash leaves may it say so.
 */
export function leavesHoleInLog(unsynced: readonly UnsyncedChange[], choice: Uint8Array): boolean {
  const hole = new Map<string, number>();
  const reach = new Map<string, number>();
  for (let index = 0; index < unsynced.length; index += 1) {
    const { kind, path, sector = 0, versions } = unsynced[index]!;
    if (kind === 'name' || !logFile.test(path)) continue;
    const kept = choice[index]!;
    if (kind === 'size') {
      if (kept > 0) reach.set(path, Infinity);
      continue;
    }
    if (kept < versions) hole.set(path, Math.min(hole.get(path) ?? Infinity, sector));
    if (kept > 0) reach.set(path, Math.max(reach.get(path) ?? -1, sector));
  }
  for (const [path, sector] of hole) if ((reach.get(path) ?? -1) > sector) return true;
  return false;
}
