import { isKvError } from '@kv/errors';
import type { StorageEngine } from '../index.js';
import type { MemoryFileSystem } from '@kv/testing';

import { createDamagedBase, type DamagedBase, targetBytesMin } from './damaged-base.js';
import { directory, openForTest, partitions, recordBytes } from './engine-ports.js';
import type { Job, Loop, Tally } from './loop.js';
import { recoveredState } from './recovered-state.js';
import { throwUnlessMet } from './requirement.js';
import type { WrittenKey, WrittenRecord } from './write-history.js';

const bases = 20;
/** Each base is shared out, so that all workers end at the same time. */
const slices = 8;
const manifestJobs = bases;
/** One damage in so many is followed by a crash, to see that its mark stays. */
const crashEvery = 97;

export const damageLoop: Loop = {
  name: 'damage',
  title: 'logs and snapshots cut at every byte, with every bit flipped',
  counts: 'states',
  minimum: bases * targetBytesMin * 9,
  jobs: bases * slices + manifestJobs,
  secondsMax: 600,
  run: (job) => runDamageJob(job),
};

export interface DamageJobOptions {
  /** Only every so many-th offset and bit. */
  readonly step?: number;
}

export async function runDamageJob(
  { seed, index }: Job,
  { step = 1 }: DamageJobOptions = {},
): Promise<Tally> {
  if (index >= bases * slices) return damageManifest(await createDamagedBase(seed, index - bases * slices));
  const base = await createDamagedBase(seed, Math.floor(index / slices));
  const trial = new Trials(base);
  const slice = index % slices;
  for (let offset = slice * step; offset < base.content.length; offset += slices * step) {
    await trial.cut(offset);
    for (let bit = 0; bit < 8; bit += 1) await trial.flip(offset, bit);
  }
  const { cuts, flips, again, suspects, named } = trial;
  return {
    ...{ states: cuts + flips, cuts, 'bits flipped': flips, 'opened once more after it': again },
    ...{ 'suspects marked': suspects, 'within a value, exactly': named },
  };
}

class Trials {
  cuts = 0;
  flips = 0;
  /** Crashed after they were found, and opened once more. */
  again = 0;
  suspects = 0;
  /** Damage in a value that made just the partitions of its atomic batch suspect. */
  named = 0;
  readonly #base: DamagedBase;
  readonly #newest: ReadonlyMap<WrittenKey, WrittenRecord>;
  readonly #values: readonly ValuePlace[];

  constructor(base: DamagedBase) {
    this.#base = base;
    this.#newest = newestOf(base);
    this.#values = base.kind === 'snapshot' ? [] : valuePlaces(base);
  }

  async cut(length: number): Promise<void> {
    const { disk, target, content, kind, lengthAfter } = this.#base;
    const cut = disk.kill();
    cut.replace(target, content.subarray(0, length));
    this.cuts += 1;
    await this.#trying(`cut at byte ${length}`, async () => {
      const engine = await this.#open(cut);
      const isNewest = kind === 'newest-log' || kind === 'closed-log';
      // Within what was synced before the file got its name, it may also know better, and call it a loss.
      const knowsBetter = length < lengthAfter[1]! && engine.suspectPartitions.size === partitions;
      if (isNewest && !knowsBetter) this.#expectPrefix(engine, length);
      else this.#expectNothingLostUnsaid(engine);
      if (this.cuts % crashEvery === 0) await this.#expectStable(cut, engine);
    });
  }

  async flip(offset: number, bit: number): Promise<void> {
    const disk = this.#rotten(offset, bit);
    this.flips += 1;
    await this.#trying(`bit ${bit} of byte ${offset} flipped`, async () => {
      const engine = await this.#open(disk);
      this.#expectRightSuspects(this.#expectNothingLostUnsaid(engine), offset);
      if (this.flips % crashEvery === 0) await this.#expectStable(disk, engine);
    });
  }

  #rotten(offset: number, bit: number): MemoryFileSystem {
    const disk = this.#base.disk.kill();
    disk.flip(this.#base.target, offset * 8 + bit);
    return disk;
  }

  /** Damage in a value is that of its atomic batch, and of nothing else. */
  #expectRightSuspects(suspects: number, offset: number): void {
    if (suspects !== 0) this.suspects += 1;
    const value = this.#values.find(({ start, end }) => start <= offset && offset < end);
    if (value === undefined) return;
    if ((suspects & ~value.partitions) !== 0) throw new Error('partitions that were not hit are suspect');
    this.named += 1;
  }

  /** Protocol rule 15: a short log was never synced, so it is cut, and nothing is suspect. */
  #expectPrefix(engine: StorageEngine, length: number): void {
    const { history, retainTombstones, lengthAfter } = this.#base;
    const whole = lengthAfter.findLastIndex((each) => each <= length);
    const state = recoveredState(engine, history, { retainTombstones });
    const exactly = {
      acknowledged: whole,
      acknowledgedAtLevel: whole,
      begun: whole,
      ceiling: 0,
      incarnation: 1,
    };
    throwUnlessMet(state, { ...exactly, mustSuspect: 0, maySuspect: 0 });
  }

  /** @returns the suspects, as bits */
  #expectNothingLostUnsaid(engine: StorageEngine): number {
    let suspects = 0;
    for (const partition of engine.suspectPartitions) suspects |= 1 << partition;
    this.#expectAllBut(suspects, (key, hash) => engine.get(key, hash)?.record.bytes);
    const incarnation = suspects === 0 ? 1 : 2;
    if (engine.incarnation !== incarnation) {
      throw new Error(`incarnation ${engine.incarnation}, not ${incarnation}`);
    }
    // Nobody ever persisted one.
    if (suspects === 0 && engine.ceiling !== 0)
      throw new Error(`a ceiling of ${engine.ceiling} out of nothing`);
    return suspects;
  }

  /** No wrong value anywhere; where nothing is suspect, everything that was written. */
  #expectAllBut(suspects: number, read: (key: Uint8Array, hash: number) => Uint8Array | undefined): void {
    for (const [key, newest] of this.#newest) {
      const found = read(key.bytes, key.hash);
      if (found !== undefined && Buffer.compare(found, newest.bytes) === 0) continue;
      if ((key.partition & suspects) !== 0) this.#expectWritten(key, found);
      else if (found !== undefined) throw new Error(`${key.text} is not as it was written last`);
      else if (!newest.tombstone || this.#base.retainTombstones) {
        throw new Error(`${key.text} is lost, and nothing says so`);
      }
    }
  }

  #expectWritten(key: WrittenKey, found: Uint8Array | undefined): void {
    if (found === undefined) return;
    const { batches } = this.#base.history;
    const records = key.batches.flatMap((batch) => batches[batch - 1]!.records);
    if (records.some(({ bytes }) => Buffer.compare(bytes, found) === 0)) return;
    throw new Error(`${key.text} has a value that was never written`);
  }

  /** What was found once is found again, and is no second loss; what is written now stays. */
  async #expectStable(disk: MemoryFileSystem, engine: StorageEngine): Promise<void> {
    const order = this.#base.history.records.length;
    const key = 'probe';
    const bytes = recordBytes({ key, value: new Uint8Array(9), order, batchContinues: false });
    const [result] = engine.apply(bytes);
    if (result?.kind !== 'stored') throw new Error(`it takes no write: ${JSON.stringify(result)}`);
    await engine.durable(result.position);
    this.again += 1;
    const again = await this.#open(disk.crash());
    const [before, after] = [engine, again].map((each) => [...each.suspectPartitions].sort().join(' '));
    if (before !== after) throw new Error(`after a crash {${after}} are suspect, before {${before}} were`);
    if (again.incarnation !== engine.incarnation) throw new Error('after a crash it is another incarnation');
    if (again.get(Buffer.from(key)) === undefined) throw new Error('a write after the damage is lost');
  }

  async #trying(what: string, task: () => Promise<void>): Promise<void> {
    try {
      await task();
    } catch (error) {
      throw new Error(
        `${this.#base.kind}, ${what}: ${error instanceof Error ? error.message : String(error)}`,
        {
          cause: error,
        },
      );
    }
  }

  #open(disk: MemoryFileSystem): Promise<StorageEngine> {
    return openForTest(disk, { retainTombstones: this.#base.retainTombstones });
  }
}

/** Its damage cannot be told from another program's file, so opening refuses; nothing is overwritten. */
async function damageManifest({ disk, history, retainTombstones }: DamagedBase): Promise<Tally> {
  const manifest = `${directory}/MANIFEST`;
  const content = disk.contents(manifest);
  let states = 0;
  const attempt = async (damaged: MemoryFileSystem, what: string): Promise<void> => {
    states += 1;
    const before = damaged.crashPoint().imageHash([]);
    try {
      const engine = await openForTest(damaged, { retainTombstones });
      const { holds, reaches } = recoveredState(engine, history, { retainTombstones });
      if (holds < history.count || reaches > history.count)
        throw new Error('it opens, and something is lost');
    } catch (error) {
      const refused = isKvError(error) && error.code === 'corrupt' && error.message.includes('MANIFEST');
      if (!refused) throw new Error(`${manifest} ${what}: ${String(error)}`, { cause: error });
      if (damaged.crashPoint().imageHash([]) !== before)
        throw new Error('a refusal changed files', { cause: error });
    }
  };
  for (let offset = 0; offset < content.length; offset += 1) {
    const cut = disk.kill();
    cut.replace(manifest, content.subarray(0, offset));
    await attempt(cut, `cut at byte ${offset}`);
    for (let bit = 0; bit < 8; bit += 1) {
      const rotten = disk.kill();
      rotten.flip(manifest, offset * 8 + bit);
      await attempt(rotten, `bit ${bit} of byte ${offset}`);
    }
  }
  return { states, 'manifest damages': states };
}

interface ValuePlace {
  readonly start: number;
  readonly end: number;
  /** Of its atomic batch, as bits. */
  readonly partitions: number;
}

function valuePlaces({ history, content }: DamagedBase): ValuePlace[] {
  const file = Buffer.from(content);
  // The record format ends with the key, the value, and zeros up to a multiple of eight.
  const headerBytes = recordBytes({
    key: '',
    value: new Uint8Array(0),
    order: 0,
    batchContinues: false,
  }).length;
  const places: ValuePlace[] = [];
  for (const { records } of history.batches) {
    const hit = records.reduce((bits, { key }) => bits | key.partition, 0);
    for (const { bytes, key, tombstone } of records) {
      const at = file.indexOf(bytes);
      if (at < 0 || tombstone) continue;
      places.push({ start: at + headerBytes + key.bytes.length, end: at + bytes.length, partitions: hit });
    }
  }
  return places;
}

function newestOf({ history }: DamagedBase): Map<WrittenKey, WrittenRecord> {
  const newest = new Map<WrittenKey, WrittenRecord>();
  for (const { records } of history.batches) for (const record of records) newest.set(record.key, record);
  return newest;
}
