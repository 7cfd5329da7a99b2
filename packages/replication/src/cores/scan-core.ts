/**
 * One page of one partition, merged from a read quorum of its owners (rules 9, 16), as decisions only.
 *
 * Each owner shows its records in key order up to a last key. Up to the smallest of these last keys, the horizon, every
 * owner asked has told what it holds, so per key the newest version decides as in a read. Behind the horizon one owner is
 * silent: that is the next page, which begins behind the horizon, so a key present throughout comes once.
 *
 * Unlike a read a scan does not wait for write-backs: each entry is as new as every write acknowledged before the page,
 * but a later scan may show an older version of a write that was never acknowledged. Disagreement is repaired behind it.
 */
import { physicalMs, type Timestamp } from '@kv/hlc';
import { isExpired, type RecordView } from '@kv/storage';

import { type Decisions, soundDecisions } from '../decisions.js';
import { readRoundsMax } from '../limits.js';
import { Incarnations } from './incarnations.js';
import { compareHeld, newestRecord } from './newest-record.js';
import { judgeReadFailure, type ReadFailure } from './read-failure.js';
import type { ScanReply } from '../replica/replica.js';

export type ScanAnswer = ScanReply | { readonly kind: 'unreachable' };

export interface ScanCoreOptions {
  /** Member numbers in the order in which they are asked; the first R, then one more for each that fails. */
  readonly owners: readonly number[];
  /** R of this level. */
  readonly required: number;
  /** The coordinator's time (rule 16). */
  readonly at: Timestamp;
  /** Default: the sound ones. */
  readonly decisions?: Decisions | undefined;
}

export type ScanInput =
  | { readonly kind: 'start' }
  | { readonly kind: 'answer'; readonly from: number; readonly round: number; readonly answer: ScanAnswer }
  /** Who has not answered is thought to hang: ask one more. */
  | { readonly kind: 'impatient' }
  | { readonly kind: 'deadline' }
  | { readonly kind: 'client-gone' };

export type ScanEffect =
  | {
      readonly kind: 'fetch';
      readonly round: number;
      readonly at: Timestamp;
      readonly to: readonly number[];
    }
  | {
      readonly kind: 'page';
      /** In key order; neither tombstones nor expired ones. May be empty though more follow. */
      readonly records: readonly RecordView[];
      /** The next page begins behind this key; undefined = the partition is done. */
      readonly next: Uint8Array | undefined;
    }
  /** Repair these replicas when there is room; nobody waits. */
  | { readonly kind: 'repair'; readonly record: RecordView; readonly to: readonly number[] }
  | { readonly kind: 'failed'; readonly failure: ReadFailure };

export interface ScanCore {
  step(input: ScanInput): readonly ScanEffect[];
}

export function createScanCore(options: ScanCoreOptions): ScanCore {
  return new PageScan(options);
}

type PageReply = ScanReply & { readonly kind: 'page' };

const compare = (a: Uint8Array, b: Uint8Array): number => Buffer.compare(a, b);
const nothing: readonly ScanEffect[] = [];

/** In the place of a page of an older incarnation (rule 15). */
const outdated: ScanAnswer = { kind: 'unreachable' };

class PageScan implements ScanCore {
  readonly #options: ScanCoreOptions;
  readonly #decisions: Decisions;
  readonly #incarnations: Incarnations;
  readonly #required: number;
  readonly #answers = new Map<number, ScanAnswer>();
  #asked = 0;
  #round = 0;
  #at: Timestamp;
  #concluded = false;

  constructor(options: ScanCoreOptions) {
    this.#options = options;
    this.#decisions = options.decisions ?? soundDecisions;
    this.#incarnations = new Incarnations(this.#decisions);
    this.#at = options.at;
    this.#required = this.#decisions.pageReplies(options.required);
  }

  step(input: ScanInput): readonly ScanEffect[] {
    if (this.#concluded) return nothing;
    switch (input.kind) {
      case 'start':
        return this.#options.owners.length < this.#required ? this.#fail('no-quorum') : this.#begin();
      case 'answer':
        return this.#onAnswer(input.from, input.round, input.answer);
      case 'impatient':
        return this.#ask(1);
      case 'deadline':
      case 'client-gone':
        return this.#fail(input.kind);
    }
  }

  #begin(): readonly ScanEffect[] {
    if (this.#round === readRoundsMax) return this.#fail('rounds');
    this.#round += 1;
    this.#asked = 0;
    this.#answers.clear();
    return this.#ask(this.#required);
  }

  #ask(count: number): readonly ScanEffect[] {
    const to = this.#options.owners.slice(this.#asked, this.#asked + count);
    this.#asked += to.length;
    return to.length === 0 ? nothing : [{ kind: 'fetch', round: this.#round, at: this.#at, to }];
  }

  #onAnswer(from: number, round: number, answer: ScanAnswer): readonly ScanEffect[] {
    if (round !== this.#round || this.#answers.has(from)) return nothing;
    this.#answers.set(from, answer);
    if (this.#incarnations.hear(answer)) this.#incarnations.sift(this.#answers, outdated);
    const pages = this.#pages();
    if (pages.size >= this.#required) return this.#conclude(pages);
    // One more for each that failed, or turned out to be of an older incarnation.
    const hopeful = this.#asked - this.#answers.size + pages.size;
    const more = this.#ask(Math.max(0, this.#required - hopeful));
    // One more is asked for each that fails, so if all have answered now, there is nobody left to ask.
    return this.#answers.size === this.#asked ? this.#fail('no-quorum') : more;
  }

  #conclude(pages: ReadonlyMap<number, PageReply>): readonly ScanEffect[] {
    const { records, repairs, next } = mergePages(pages, this.#decisions);
    let latest = this.#at;
    for (const page of pages.values()) if (page.hlcTime > latest) latest = page.hlcTime;
    // Rule 16, as in a read: expired by a replica's clock but not by ours is asked again, at that clock's time.
    const isTorn = (record: RecordView) =>
      isExpired(record, physicalMs(latest)) && !isExpired(record, physicalMs(this.#at));
    if (this.#decisions.asksExpiredAgain() && records.some(isTorn)) {
      this.#at = latest;
      return this.#begin();
    }
    this.#concluded = true;
    const live = records.filter((record) => !record.tombstone && !isExpired(record, physicalMs(this.#at)));
    return [{ kind: 'page', records: live, next }, ...repairs];
  }

  #pages(): Map<number, PageReply> {
    const pages = new Map<number, PageReply>();
    for (const [member, answer] of this.#answers) if (isPage(answer)) pages.set(member, answer);
    return pages;
  }

  #fail(why: ReadFailure['why']): readonly ScanEffect[] {
    this.#concluded = true;
    const answers = [...this.#answers.values()];
    const owners = this.#options.owners.length;
    const received = this.#pages().size;
    const failure = judgeReadFailure({ why, owners, required: this.#required, received, answers });
    return [{ kind: 'failed', failure }];
  }
}

/** An empty page with more behind it would make the scan ask for it for ever: no reply at all. */
function isPage(answer: ScanAnswer): answer is PageReply {
  return answer.kind === 'page' && !(answer.more && answer.records.length === 0);
}

interface Merged {
  /** The newest of each key, tombstones and expired ones included. */
  readonly records: readonly RecordView[];
  readonly repairs: readonly (ScanEffect & { kind: 'repair' })[];
  readonly next: Uint8Array | undefined;
}

function mergePages(pages: ReadonlyMap<number, PageReply>, decisions: Decisions): Merged {
  const cursors = [...pages].map(([member, page]) => ({ member, page, index: 0 }));
  const horizon = horizonOf([...pages.values()]);
  const records: RecordView[] = [];
  const repairs: (ScanEffect & { kind: 'repair' })[] = [];
  for (;;) {
    const key = smallest(cursors.flatMap(({ page, index }) => page.records[index]?.key ?? []));
    if (key === undefined || (horizon !== undefined && compare(key, horizon) > 0)) break;
    const sightings = cursors.map((cursor) => {
      const record = cursor.page.records[cursor.index];
      const here = record !== undefined && compare(record.key, key) === 0;
      if (here) cursor.index += 1;
      return { ...cursor, record: here ? record : undefined, purgeFloor: cursor.page.purgeFloor };
    });
    const newest = newestRecord(sightings, decisions);
    if (newest === undefined) continue;
    records.push(newest);
    const stale = sightings.filter(({ record }) => record === undefined || compareHeld(record, newest) < 0);
    if (stale.length > 0) {
      repairs.push({ kind: 'repair', record: newest, to: stale.map(({ member }) => member) });
    }
  }
  return { records, repairs, next: horizon };
}

/** The key up to which all of them have shown what they hold; undefined = to the end. */
function horizonOf(pages: readonly PageReply[]): Uint8Array | undefined {
  return smallest(pages.flatMap(({ more, records }) => (more ? (records.at(-1)?.key ?? []) : [])));
}

function smallest(keys: readonly Uint8Array[]): Uint8Array | undefined {
  let least: Uint8Array | undefined;
  for (const key of keys) if (least === undefined || compare(key, least) < 0) least = key;
  return least;
}
