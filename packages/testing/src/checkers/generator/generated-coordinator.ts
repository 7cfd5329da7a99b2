import type { SeededRandom } from '../../seeded-random.js';
import type { Level, PreviousReport, Version } from '../history.js';
import type { HistoryRecorder, RecordedWrite } from '../history-recorder.js';
import type { GeneratedRecord, GeneratedStore, StampBounds } from './generated-store.js';

/** Something that goes on: after each step others may take theirs. */
export type Task = Generator<undefined, void>;

export interface World {
  readonly store: GeneratedStore;
  readonly random: SeededRandom;
  readonly recorder: HistoryRecorder;
  /** Of attempts whose coordinator or reply is lost. */
  readonly lostShare: number;
  readonly start: (task: Task) => void;
}

export interface Intent {
  readonly write: RecordedWrite;
  readonly key: string;
  readonly level: Level;
  readonly value: string | undefined;
  readonly ttlMs: number;
}

/** One attempt, as its client waits for it. */
export interface Attempt extends StampBounds {
  readonly intent: Intent;
  readonly stamps: Version[];
  result: AttemptResult | undefined;
}

export type AttemptResult =
  | { readonly kind: 'ok'; readonly version: Version; readonly previous: PreviousReport }
  | { readonly kind: 'not-applied' | 'unknown' };

export function* pause(random: SeededRandom): Task {
  for (let steps = random.below(4); steps > 0; steps -= 1) yield;
}

export function chance(random: SeededRandom, share: number): boolean {
  return random.float() < share;
}

/** A put or delete without a ticket, as a coordinator of the default mode goes about it: at most two stamps. */
export function* coordinate(world: World, attempt: Attempt): Task {
  const { store, random } = world;
  const { intent } = attempt;
  const { key, level } = intent;
  yield* pause(random);
  const first = stampFor(world, attempt, attempt.above);
  if (first === undefined || chance(random, world.lostShare / 4)) {
    attempt.result = { kind: 'not-applied' };
    return;
  }
  const record = recordOf(world, intent, first);
  if (chance(random, 0.2) || level === 'one') store.append(record);
  if (isLost(world, record)) return;
  // Some replicas have it, and readers may spread it, before anybody decides.
  const spreadEarly = chance(random, 0.2);
  if (spreadEarly) store.apply(record);
  yield* pause(random);
  if (level === 'one') {
    world.start(straggler(world, record));
    acknowledge(world, attempt, { version: first, previous: { kind: 'unknown' } });
    return;
  }
  if (!store.isNewer(key, first)) {
    const previous = spreadEarly ? unknownPrevious : previousReport(world, intent);
    store.apply(record);
    yield* pause(random);
    acknowledge(world, attempt, { version: first, previous });
    return;
  }
  const reported = previousReport(world, intent);
  const second = stampFor(world, attempt, store.newest.get(key)!.version.timestamp);
  if (second === undefined) {
    attempt.result = { kind: 'unknown' };
    return;
  }
  const again = recordOf(world, intent, second);
  if (isLost(world, again)) return;
  yield* pause(random);
  const previous = store.isNewer(key, second) ? reported : previousReport(world, intent);
  store.apply(again);
  yield* pause(random);
  acknowledge(world, attempt, { version: second, previous: spreadEarly ? unknownPrevious : previous });
}

/** Stores with a ticket; `first`: nobody stored with it before. */
export function* storeWithTicket(world: World, attempt: Attempt, ticket: Version, first: boolean): Task {
  const { store, random } = world;
  const { intent } = attempt;
  yield* pause(random);
  if (first) intent.write.stamped(ticket);
  const record = recordOf(world, intent, ticket);
  if (isLost(world, record)) return;
  const isKnown = first && !store.isNewer(intent.key, ticket);
  const previous = isKnown ? previousReport(world, intent) : unknownPrevious;
  store.apply(record);
  yield* pause(random);
  acknowledge(world, attempt, { version: ticket, previous });
}

const unknownPrevious: PreviousReport = { kind: 'unknown' };

function stampFor({ store }: World, attempt: Attempt, above: number): Version | undefined {
  const version = store.stamp({ above: Math.max(above, attempt.above), notAfter: attempt.notAfter });
  if (version === undefined) return undefined;
  attempt.stamps.push(version);
  attempt.intent.write.stamped(version);
  return version;
}

function recordOf({ store }: World, { write, key, value, ttlMs }: Intent, version: Version): GeneratedRecord {
  return { write, key, value, version, expiresAtMs: ttlMs > 0 ? store.nowMs + ttlMs : Infinity };
}

/** The coordinator dies: what it has sent may arrive at any time, or never. */
function isLost(world: World, record: GeneratedRecord): boolean {
  if (!chance(world.random, world.lostShare)) return false;
  if (chance(world.random, 0.6)) world.start(straggler(world, record));
  return true;
}

function* straggler({ store, random }: World, record: GeneratedRecord): Task {
  for (let steps = random.below(random.pick([4, 100])); steps > 0; steps -= 1) yield;
  store.apply(record);
}

function acknowledge(
  { random, recorder }: World,
  attempt: Attempt,
  answer: { version: Version; previous: PreviousReport },
): void {
  const { write, level } = attempt.intent;
  const required = level === 'one' ? 1 : level === 'all' ? 3 : 2;
  recorder.acknowledged({ operation: write.id, required, holders: required + random.below(4 - required) });
  attempt.result = { kind: 'ok', ...answer };
}

function previousReport({ store, random }: World, { write, key }: Intent): PreviousReport {
  const here = store.newest.get(key);
  if (here?.write === write) return unknownPrevious;
  if (here === undefined || store.isHidden(here)) return { kind: 'none' };
  return { kind: 'value', value: here.value!, version: chance(random, 0.5) ? here.version : undefined };
}
