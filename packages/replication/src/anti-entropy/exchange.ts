import type { RecordView } from '@kv/storage';

import { scanPageBytesMax, scanPageRecordsMax } from '../limits.js';
import type { ComparableReplica } from '../replica/replica.js';
import { anyTime, type Background } from './background.js';
import { comparePages, type CopyPage } from './compare-pages.js';

export interface Exchanged {
  /** Taken from the other copy; sent to it. */
  readonly kept: number;
  readonly sent: number;
  /** False: it was given up halfway; what was exchanged stays. */
  readonly complete: boolean;
}

/** Makes this copy of a partition and another member's alike, page by page, at the background's pace. */
export async function exchangePartition(
  background: Background,
  { partition, member }: { readonly partition: number; readonly member: number },
  isWanted: () => boolean,
): Promise<Exchanged> {
  let kept = 0;
  let sent = 0;
  let after: Uint8Array | undefined;
  do {
    const from = after;
    const page = await background.pacer.run(async () => {
      const result = isWanted()
        ? await exchangePage(background, { partition, member, after: from })
        : undefined;
      return { bytes: result?.bytes ?? 0, result };
    });
    if (page === undefined) return { kept, sent, complete: false };
    kept += page.kept;
    sent += page.sent;
    after = page.next;
  } while (after !== undefined);
  return { kept, sent, complete: true };
}

interface PageOutcome {
  readonly kept: number;
  readonly sent: number;
  readonly bytes: number;
  readonly next: Uint8Array | undefined;
}

/** @returns undefined if the other member gave no page, or not everything found its place */
async function exchangePage(
  background: Background,
  place: { readonly partition: number; readonly member: number; readonly after: Uint8Array | undefined },
): Promise<PageOutcome | undefined> {
  const { engine, timeoutMs, observer } = background;
  const { partition, member, after } = place;
  const replica = background.replica(member);
  const theirs = await replica?.scanPartition({
    partition,
    prefix: noBytes,
    after: after ?? noBytes,
    limit: scanPageRecordsMax,
    bytesMax: scanPageBytesMax,
    at: anyTime,
    deadlineMs: timeoutMs,
  });
  if (replica === undefined || theirs?.kind !== 'page') return undefined;
  const { keep, send, next } = comparePages(usable(theirs), ownPage(background, partition, after));
  const results = engine.apply(keep, { tellsPrevious: false });
  let isAllStored = true;
  for (const [index, record] of keep.entries()) {
    const kind = results.kindAt(index);
    if (kind === 'stored') observer?.applied?.({ record, repair: true });
    if (kind === 'refused') isAllStored = false;
  }
  // Rule 7: what is shown to another is durable here.
  if (send.length > 0) await engine.durable(engine.appended);
  const taken = await sendAll(replica, send, timeoutMs);
  const bytes = bytesOf(theirs.records) + bytesOf(send);
  return isAllStored && taken ? { kept: keep.length, sent: send.length, bytes, next } : undefined;
}

/** An empty page with more behind it would be asked for again and again. */
function usable({ records, more }: CopyPage): CopyPage {
  return { records, more: more && records.length > 0 };
}

function ownPage({ engine }: Background, partition: number, after: Uint8Array | undefined): CopyPage {
  const records: RecordView[] = [];
  let bytes = 0;
  for (const { record } of engine.scanPartition(partition, { after })) {
    bytes += record.bytes.length;
    if (records.length === scanPageRecordsMax || (records.length > 0 && bytes > scanPageBytesMax)) {
      return { records, more: true };
    }
    records.push(record);
  }
  return { records, more: false };
}

async function sendAll(
  replica: Pick<ComparableReplica, 'repair'>,
  records: readonly RecordView[],
  deadlineMs: number,
): Promise<boolean> {
  const replies = await Promise.all(
    records.map(({ bytes: record }) =>
      replica.repair({ record, deadlineMs, background: true }).catch(() => undefined),
    ),
  );
  return replies.every((reply) => reply !== undefined && reply.kind !== 'refused');
}

function bytesOf(records: readonly RecordView[]): number {
  return records.reduce((sum, { bytes }) => sum + bytes.length, 0);
}

const noBytes = new Uint8Array(0);
