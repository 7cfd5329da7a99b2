import type { LogPosition, StorageEngine } from '../index.js';
import type { MemoryFileSystem, SeededRandom } from '@kv/testing';

import { changing, choicesOf } from './choices.js';
import { type CrashImage, CrashImages } from './crash-images.js';
import { type CrashTestOpen, openForTest, recordBytes } from './engine-ports.js';
import { recoveredState, type RecoveredState } from './recovered-state.js';
import { throwUnlessMet } from './requirement.js';
import type { WriteHistory } from './write-history.js';

/** Choices among the unsynced changes, after one operation of a recovery. */
const choicesMax = 12;
/** One recovery in so many is itself crashed, after each of its operations. */
const recoveriesPerCrashedOne = 12;
/** One recovery in so many is written to, and the machine crashed after that. */
const recoveriesPerWrittenOne = 3;

const probeKey = 'probe';

export interface RecoveryOptions extends CrashTestOpen {
  readonly durability: 'always' | 'interval' | 'os';
  readonly retainTombstones: boolean;
}

/** Recovers images; some are written to and crashed again, and some of the recoveries are crashed themselves. */
export class Recoveries {
  count = 0;
  statesInRecovery = 0;
  distinctInRecovery = 0;
  withSuspects = 0;
  crashed = 0;
  readonly #history: WriteHistory;
  readonly #options: RecoveryOptions;
  readonly #random: SeededRandom;
  #images = 0;

  constructor(history: WriteHistory, options: RecoveryOptions, random: SeededRandom) {
    this.#history = history;
    this.#options = options;
    this.#random = random;
  }

  async recover(image: CrashImage): Promise<void> {
    try {
      const crashing = this.#images % recoveriesPerCrashedOne === 0;
      this.#images += 1;
      const during = new CrashImages();
      if (crashing) this.#collect(image, during);
      const { engine, state } = await this.#open(image.disk, image.bootId);
      image.disk.afterOperation = undefined;
      throwUnlessMet(state, image.required);
      if (state.suspects !== 0) this.withSuspects += 1;
      if (this.#images % recoveriesPerWrittenOne === 0) await this.#writeAndCrash(image, engine, state);
      if (!crashing) return;
      this.crashed += 1;
      this.statesInRecovery += during.states;
      this.distinctInRecovery += during.distinct;
      for (const again of during.drain()) await this.#recoverAgain(again, image, state);
    } catch (error) {
      throw new Error(`${placeOf(image)}: ${messageOf(error)}`, { cause: error });
    }
  }

  #collect({ disk, bootId, required }: CrashImage, during: CrashImages): void {
    let at = 0;
    disk.afterOperation = ({ kind }, now) => {
      at += 1;
      if (!changing.has(kind)) return;
      const point = now.crashPoint();
      for (const choice of choicesOf(point.unsynced, { max: choicesMax, random: this.#random })) {
        during.add(now, { point, choice, bootId, at }, required);
      }
    };
  }

  /** What is recovered is written to, and neither it nor what was recovered is lost by the next crash. */
  async #writeAndCrash(image: CrashImage, engine: StorageEngine, before: RecoveredState): Promise<void> {
    const order = this.#history.records.length;
    const value = new Uint8Array(20).fill(order);
    const bytes = recordBytes({ key: probeKey, value, order, batchContinues: false });
    await engine.durable(positionOf(engine, bytes));
    const disk = this.#options.durability === 'always' ? image.disk.crash() : image.disk.kill();
    const { engine: next, state: after } = await this.#open(disk, image.bootId);
    const probe = next.get(Buffer.from(probeKey))?.record.bytes;
    if (probe === undefined || Buffer.compare(probe, bytes) !== 0) {
      throw new Error('a write acknowledged after the recovery is lost');
    }
    throwUnlessSame(before, after, 'after the recovery and one more crash');
  }

  async #recoverAgain(again: CrashImage, image: CrashImage, first: RecoveredState): Promise<void> {
    try {
      const { state } = await this.#open(again.disk, again.bootId);
      throwUnlessMet(state, image.required);
      if (first.suspects === 0) throwUnlessSame(first, state, 'a crash during the recovery');
      else throwUnlessStillSuspect(first, state, 'a crash during the recovery');
    } catch (error) {
      throw new Error(`then ${placeOf(again)} of the recovery: ${messageOf(error)}`, { cause: error });
    }
  }

  async #open(
    disk: MemoryFileSystem,
    bootId: string,
  ): Promise<{ readonly engine: StorageEngine; readonly state: RecoveredState }> {
    this.count += 1;
    const engine = await openForTest(disk, { ...this.#options, ...(bootId === '' ? {} : { bootId }) });
    return { engine, state: recoveredState(engine, this.#history, this.#options) };
  }
}

function positionOf(engine: StorageEngine, bytes: Uint8Array): LogPosition {
  const [result] = engine.apply(bytes);
  if (result?.kind !== 'stored')
    throw new Error(`the recovered engine takes no write: ${JSON.stringify(result)}`);
  return result.position;
}

function throwUnlessSame(before: RecoveredState, after: RecoveredState, when: string): void {
  const differs = before.batchOfKey.findIndex((batch, index) => after.batchOfKey[index] !== batch);
  if (differs >= 0) {
    const [was, is] = [before.batchOfKey[differs], after.batchOfKey[differs]];
    throw new Error(`${when}, a key is as of batch ${is}, no longer ${was}`);
  }
  throwUnlessStillSuspect(before, after, when);
}

function throwUnlessStillSuspect(before: RecoveredState, after: RecoveredState, when: string): void {
  if ((before.suspects & ~after.suspects) !== 0) throw new Error(`${when}, a suspect is none any more`);
  if (before.suspects === 0 && after.suspects !== 0) throw new Error(`${when}, something became suspect`);
  if (after.incarnation !== before.incarnation) {
    throw new Error(`${when}, incarnation ${before.incarnation} became ${after.incarnation}`);
  }
  if (after.ceiling < before.ceiling) throw new Error(`${when}, the ceiling fell`);
}

function placeOf({ at, choice }: CrashImage): string {
  return `after operation ${at}, of the unsynced changes kept [${choice.join(' ')}]`;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
