/**
 * Valid histories, for tests of checkers: what clients may see of a store that is right. The store is one atomic cell a
 * key that keeps the newest version; around it are coordinators with skewed clocks that stamp twice if they have to, die,
 * and leave stragglers; clients that give up, retry and remember; expiries; tickets; and operations at ONE, which see and
 * leave whatever they like. Nothing in it is simulated but the order of things, so a hundred thousand take seconds.
 */
import { createSeededRandom, type SeededRandom } from '../../seeded-random.js';
import { createHistoryRecorder } from '../history-recorder.js';
import type { History, Level } from '../history.js';
import { GeneratedClient } from './generated-client.js';
import type { Task, World } from './generated-coordinator.js';
import { GeneratedStore } from './generated-store.js';

export interface GenerateOptions {
  readonly seed: number;
  /** Default 4. */
  readonly clients?: number;
  /** Of each client, default 8. */
  readonly operationsPerClient?: number;
  /** Default: one or two, by seed. */
  readonly keys?: number;
  /** Of writes; default: by key and seed. */
  readonly writeLevels?: readonly Level[];
}

/** The same history for the same options. */
export function generateHistory(options: GenerateOptions): History {
  const random = createSeededRandom(options.seed);
  const keyCount = options.keys ?? 1 + random.below(2);
  const keys = Array.from({ length: keyCount }, (_, index) => `key-${index}`);
  const levels = new Map(keys.map((key) => [key, options.writeLevels ?? random.pick(levelMixes)] as const));
  const clock = { nowMs: (): number => store.nowMs };
  const recorder = createHistoryRecorder({ purges: random.below(8) === 0 }, { clock });
  const store = new GeneratedStore(random, (appended) => recorder.appended(appended));
  const tasks: Task[] = [];
  const lostShare = random.pick([0, 0.1, 0.3]);
  const world: World = { store, random, recorder, lostShare, start: (task) => tasks.push(task) };
  // The store has one clock, and records expire by it.
  recorder.expiresWithin(0);
  const expiringShare = random.pick([0, 0.3, 0.9]);
  for (let number = 1; number <= (options.clients ?? 4); number += 1) {
    const operations = options.operationsPerClient ?? 8;
    const levelsOf = (key: string): readonly Level[] => levels.get(key)!;
    tasks.push(new GeneratedClient(world, { number, operations, keys, levelsOf, expiringShare }).work());
  }
  run(tasks, store, random);
  keys.forEach((key, partition) => {
    const record = store.newest.get(key);
    const records = record === undefined ? [] : [{ key, version: record.version, value: record.value }];
    for (let replica = 1; replica <= 3; replica += 1) {
      recorder.final({ partition, replica, digest: String(records.length), records });
    }
  });
  return recorder.history();
}

const levelMixes: readonly (readonly Level[])[] = [
  ['linearizable'],
  ['quorum'],
  ['quorum', 'all'],
  ['quorum', 'all', 'linearizable'],
  ['quorum', 'linearizable', 'one'],
];

/** One step of one task after the other, in random order, until none is left. */
function run(tasks: Task[], store: GeneratedStore, random: SeededRandom): void {
  const stepMs = random.pick([0, 0.5, 1]);
  while (tasks.length > 0) {
    store.nowMs += stepMs * random.below(2);
    const index = random.below(tasks.length);
    if (tasks[index]!.next().done !== true) continue;
    const last = tasks.pop()!;
    if (index < tasks.length) tasks[index] = last;
  }
}
