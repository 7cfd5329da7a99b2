import type { Timestamp } from '@kv/hlc';
import type { RecordView } from '@kv/storage';

import { incarnationOf } from '../cores/incarnations.js';
import { scanPageBytesMax, scanPageRecordsMax } from '../limits.js';
import type { ScanReply } from '../replica/replica.js';
import { anyTime, type Background, otherOwners, sameWords } from '../anti-entropy/background.js';
import type { DigestGatherer } from '../anti-entropy/digest-gatherer.js';
import {
  createRebuildCore,
  type RebuildCore,
  type RebuildEffect,
  type RebuildInput,
} from './rebuild-core.js';

export interface RebuildEvents {
  /** Everything is here; the mark may go. */
  rebuilt(partition: number): void;
  /** Too few owners can be merged from now; `resume` tries again. */
  paused(): void;
  pageMerged(facts: { readonly records: number; readonly bytes: number }): void;
}

/** One partition's core, and the hands that it decides for. */
export interface PartitionRebuild {
  start(): void;
  resume(): void;
  /** Nothing is called back any more. */
  abandon(): void;
}

type Page = ScanReply & { readonly kind: 'page' };

export function createPartitionRebuild(
  partition: number,
  background: Background,
  hands: { readonly gatherer: DigestGatherer; readonly events: RebuildEvents },
): PartitionRebuild {
  return new RunningRebuild(partition, background, hands);
}

class RunningRebuild implements PartitionRebuild {
  readonly #partition: number;
  readonly #background: Background;
  readonly #hands: { readonly gatherer: DigestGatherer; readonly events: RebuildEvents };
  /** Undefined = done, or abandoned. */
  #core: RebuildCore | undefined;

  constructor(
    partition: number,
    background: Background,
    hands: { readonly gatherer: DigestGatherer; readonly events: RebuildEvents },
  ) {
    this.#partition = partition;
    this.#background = background;
    this.#hands = hands;
    const { replicationFactor, decisions } = background;
    this.#core = createRebuildCore({
      others: otherOwners(background, partition),
      replicationFactor,
      decisions,
    });
  }

  start(): void {
    this.#input({ kind: 'start' });
  }

  resume(): void {
    this.#input({ kind: 'resume' });
  }

  abandon(): void {
    this.#core = undefined;
  }

  #input(input: RebuildInput): void {
    for (const effect of this.#core?.step(input) ?? []) this.#execute(effect);
  }

  #execute(effect: RebuildEffect): void {
    const { events } = this.#hands;
    switch (effect.kind) {
      case 'compare':
        for (const member of effect.with) void this.#compare(member);
        return;
      case 'fetch':
        void this.#fetch(effect.from, effect.after);
        return;
      case 'pause':
        events.paused();
        return;
      case 'rebuilt':
        // Floor and epoch are 0 and 1 until purging and changes of members exist.
        this.#core = undefined;
        events.rebuilt(this.#partition);
        return;
    }
  }

  async #compare(from: number): Promise<void> {
    const { engine, decisions } = this.#background;
    const answer = await this.#hands.gatherer.digest(from, this.#partition);
    if (this.#core === undefined) return;
    if (answer?.digest.kind !== 'digest') {
      this.#input({ kind: 'failed', from });
      return;
    }
    const { digest, facts } = answer;
    this.#adoptTime(facts.hlcTime);
    const equal = sameWords(digest.words, decisions.digest(engine, this.#partition));
    this.#input({ kind: 'compared', equal, ...sourceFacts(from, digest.suspect, facts) });
  }

  async #fetch(from: number, after: Uint8Array | undefined): Promise<void> {
    try {
      await this.#background.pacer.run(async () => {
        const page = this.#core === undefined ? undefined : await this.#askPage(from, after);
        if (page?.kind !== 'page' || !this.#take(page.records)) {
          this.#input({ kind: 'failed', from });
          return { bytes: 0, result: undefined };
        }
        this.#adoptTime(page.hlcTime);
        const bytes = page.records.reduce((sum, record) => sum + record.bytes.length, 0);
        this.#hands.events.pageMerged({ records: page.records.length, bytes });
        // An empty page with more behind it would be asked for again and again.
        const next = page.more ? page.records.at(-1)?.key : undefined;
        this.#input({ kind: 'merged', next, ...sourceFacts(from, page.suspect === true, page) });
        return { bytes, result: undefined };
      });
    } catch {
      this.#input({ kind: 'failed', from });
    }
  }

  #askPage(from: number, after: Uint8Array | undefined): Promise<ScanReply> | undefined {
    const { timeoutMs } = this.#background;
    return this.#background.replica(from)?.scanPartition({
      partition: this.#partition,
      prefix: noBytes,
      after: after ?? noBytes,
      limit: scanPageRecordsMax,
      bytesMax: scanPageBytesMax,
      at: anyTime,
      rebuild: true,
      deadlineMs: timeoutMs,
    });
  }

  /**
   * Rule 16: what a reader called expired stays so, because a quorum merged its time. This copy may have lost that time with
   * its records, and the sources know it. What the drift bound refuses no reader could have named either.
   */
  #adoptTime(time: Timestamp): void {
    const { hlc } = this.#background;
    if (hlc.admits(time)) hlc.receive(time);
  }

  /** @returns false if some record was refused for want of room: it is asked for again later */
  #take(records: readonly RecordView[]): boolean {
    if (this.#core === undefined) return false;
    const { engine, observer } = this.#background;
    const results = engine.apply(records, { tellsPrevious: false });
    let isAllTaken = true;
    for (const [index, record] of records.entries()) {
      const kind = results.kindAt(index);
      if (kind === 'stored') observer?.applied?.({ record, repair: true });
      if (kind === 'refused') isAllTaken = false;
    }
    return isAllTaken;
  }
}

function sourceFacts(
  from: number,
  suspect: boolean,
  facts: Pick<Page, 'incarnations' | 'purgeFloor' | 'epoch'>,
) {
  const { incarnations, purgeFloor, epoch } = facts;
  const incarnation = incarnationOf(from, { kind: 'page', incarnations });
  return { from, suspect, incarnation, purgeFloor, epoch };
}

const noBytes = new Uint8Array(0);
