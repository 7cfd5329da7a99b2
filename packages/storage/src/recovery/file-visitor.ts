import type { BatchHeader, FileHeader } from '../log/frame.js';
import type { RecoverySegment } from '../memory/record-memory.js';

/** Whoever wants to know what is in a file, in the order of the file. */
export interface FileVisitor {
  /** Comes first, if the header is intact or could be mended. False: the file is not the one that belongs here. */
  header(header: FileHeader, fileBytes: number): boolean;
  /** Comes before its records. `position` is its header's, `next` the header of the batch behind it, if that is intact. */
  batch(
    header: BatchHeader,
    where: { readonly position: number; readonly next: BatchHeader | undefined },
  ): void;
  /**
   * What seems to be records from here on will follow, once they were verified: to be prepared for, or not. @returns the end of
   * what was prepared for
   */
  ahead?(segment: RecoverySegment, offset: number, end: number): number;
  /** A verified record. Of the damaged batches some may come twice. */
  record(segment: RecoverySegment, offset: number, length: number): void;
  /** Something that had been written is not there any more. */
  damage(damage: BatchDamage): void;
}

export interface BatchDamage {
  /** Sequence of the batch; undefined: of the file itself. */
  readonly batch: number | undefined;
  readonly position: number;
  /** Undefined: nobody knows which. */
  readonly partitions: ReadonlySet<number> | undefined;
  readonly reason: string;
}

export interface WalkedFile {
  /** Undefined if damaged beyond recognition. */
  readonly header: FileHeader | undefined;
  readonly fileBytes: number;
  /** Up to here the file is whole batches. */
  readonly wholeBytes: number;
  readonly batches: number;
  /** Of the last whole batch; undefined without one. */
  readonly last: BatchHeader | undefined;
  readonly end:
    | { readonly kind: 'complete' }
    /** It ends within a batch, or within a batch's header: that batch was never synced. */
    | { readonly kind: 'short' }
    | { readonly kind: 'damaged'; readonly reason: string }
    /** Intact, and of a format that this program does not know; nothing was read. */
    | { readonly kind: 'other-format'; readonly version: number };
}
