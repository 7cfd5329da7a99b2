/**
 * What replication decides, one small pure function for each protocol rule: the mechanics around them stay the same when
 * a decision is replaced. The simulator does so to plant bugs, and each of its checkers has to find some; nothing else
 * replaces any. All of them are called on hot paths: no allocation, no state.
 */
import type { HybridLogicalClock, Timestamp, Version } from '@kv/hlc';
import { headOf, type RecordView, type StorageEngine } from '@kv/storage';

import { heldNothing, isClean, type WriteAnswer } from './cores/write-answer.js';

/** One round of a write, counted. */
export interface WriteTally {
  /** 1 for the first stamp. */
  readonly round: number;
  /** W of the level. */
  readonly required: number;
  /** Replicas that answered `stored` or `already` in this round. */
  readonly clean: number;
  /** These, and those that answered `newer`. */
  readonly told: number;
  /** Owners that have not answered in this round. */
  readonly outstanding: number;
  /** Those are thought to hang. */
  readonly impatient: boolean;
}

/** `stamp-again`: above the largest version reported. */
export type WriteVerdict = 'acknowledged' | 'stamp-again' | 'no-quorum' | 'wait';

/** In which part a replica that may have lost records takes part or abstains. */
export type ReplicaPart = 'read' | 'write-ack' | 'write-back-ack' | 'proof';

export interface Decisions {
  /** Rules 1 and 2: what a round of a write without a ticket amounts to. */
  readonly writeVerdict: (tally: WriteTally) => WriteVerdict;
  /** Rule 3: for which round an answer to the stamp of round `answered` counts. */
  readonly countedRound: (answered: number, current: number) => number;
  /** Rule 3: one reply per replica and round counts, and only an owner's. */
  readonly takesAnswer: (facts: { readonly isOwner: boolean; readonly isFirst: boolean }) => boolean;
  /** Rule 4: a write is over then, and never stamped again. */
  readonly endsWrite: (end: 'deadline' | 'client-gone') => boolean;
  /** Rules 5 and 17: whether a coordinator may use the stamp that it made. `admitted`: a peer's like it would be. */
  readonly usesOwnStamp: (facts: { readonly fenced: boolean; readonly admitted: boolean }) => boolean;
  /** Rules 5 and 17: how far ahead of its wall clock a replica lets a foreign time be, in milliseconds. */
  readonly driftBoundMs: () => number;
  /** Rules 1, 16: whether a repair's version is merged into the clock, as a direct write's is. */
  readonly repairMergesClock: () => boolean;
  /** Rule 6: a delete writes, whatever the replica holds of the key. */
  readonly writesTombstone: (held: () => RecordView | undefined) => boolean;

  /** Rules 1, 7: an acknowledgement waits until what it tells of is durable. */
  readonly acknowledgementWaits: () => boolean;
  /** Rule 7: what a read, a page or a digest shows is durable first. */
  readonly replyWaits: () => boolean;
  /** Rule 8: the newest version may be returned without being written back. */
  readonly answersAtOnce: (facts: { readonly holders: number; readonly writeQuorum: number }) => boolean;
  /** Operations fly together: not where it matters what is decided of a single one. */
  readonly flies: () => boolean;
  /** In a flight an operation is over once so many owners said the same. */
  readonly flightQuorum: (required: number) => number;
  /** In a flight another owner's answer agrees with the own copy's. */
  readonly flightAgrees: (isSame: boolean) => boolean;
  /** Rule 24: by what a client that coordinates tells the records of two owners apart. */
  readonly recordIdentity: (record: RecordView) => Uint8Array;
  /** Rule 25: the version that is reserved for one write, of one that was issued for it. */
  readonly reservedVersion: (issued: Version) => Version;
  /** Rule 25: this answer of one owner counts for a client that coordinates. */
  readonly isStoredAlone: (answer: WriteAnswer) => boolean;
  /** A page of a scan is merged from so many owners: as many as a read at its level asks. */
  readonly pageReplies: (required: number) => number;
  /** Rule 9: a version beside another replica's "absent, with this purge floor" is dead. */
  readonly isDead: (version: Version, purgeFloor: Timestamp) => boolean;

  /** Rule 10: so many replicas are asked what is there before a ticket is stamped: a quorum. */
  readonly ticketReplies: (quorum: number) => number;
  /** Rule 10: a ticket is above the largest timestamp that its quorum showed. */
  readonly ticketAbove: (seen: Timestamp | undefined) => Timestamp | undefined;
  /** Rule 10: a write that brings a ticket is stored as that version, however often it comes. False = stamped anew. */
  readonly keepsTicket: () => boolean;
  /** Rule 10: "I know this operation" is no acknowledgement. True = `already`, and nothing is stored. */
  readonly knowsOperation: (record: RecordView, held: () => RecordView | undefined) => boolean;
  /** Rule 11: the latest stamp that the attempt may get. */
  readonly stampCeiling: (notAfter: Timestamp | undefined) => Timestamp | undefined;
  /** Rule 11: what the attempt's stamp must be above. */
  readonly stampFloor: (above: Timestamp | undefined) => Timestamp | undefined;
  /** Rule 12: this answer promises that the replica does not hold the record. */
  readonly leftNoTrace: (answer: WriteAnswer) => boolean;
  /** Rule 13: a record of this very operation is no previous value. */
  readonly isOwnRecord: (isOwn: boolean) => boolean;

  /** Rule 14: a suspect replica abstains. */
  readonly abstains: (suspect: boolean, part: ReplicaPart) => boolean;
  /** Rule 14: whether a replica that merged from so many of the other owners counts again. */
  readonly isRebuilt: (merged: RebuildTally) => boolean;
  /** Rule 14: marks outlive a restart. */
  readonly marksAtStart: (suspect: ReadonlySet<number>) => ReadonlySet<number>;
  /** Rule 15: whether a reply of this incarnation counts beside the newest that is known of its member. */
  readonly countsIncarnation: (replied: number, newestKnown: number) => boolean;

  /** Rule 16: a replica merges the reader's time before it answers. */
  readonly mergesReadTime: () => boolean;
  /** Rule 16: whether a replica that calls a record expired by its own clock may hide it from readers. */
  readonly hidesExpired: (record: RecordView, ownTimeMs: number) => boolean;
  /** Rule 16: a record that lives by the reader's time and not by a replica's is asked for again, at that time. */
  readonly asksExpiredAgain: () => boolean;
  /** Rules 16, 18: tombstones and expired records stay until a proof. */
  readonly retainsTombstones: () => boolean;
  /** The record that a replica keeps of one that arrived: newest version wins, whatever the order of arrival. */
  readonly recordKept: (record: RecordView, hlc: HybridLogicalClock) => RecordView;

  /** What replicas compare: deletes and expired records take part, the clock does not (rule 16). */
  readonly digest: (engine: DigestSource, partition: number) => Uint32Array;
}

export type DigestSource = Pick<StorageEngine, 'digest' | 'scanPartition'>;

/** Owners of one partition from which a suspect one has merged everything. */
export interface RebuildTally {
  /** N. */
  readonly replicationFactor: number;
  /** W = a majority of N. */
  readonly writeQuorum: number;
  /** Owners beside the suspect one. */
  readonly others: number;
  /** Merged from, in whatever state. */
  readonly merged: number;
  /** Of these, those that were not suspect themselves. */
  readonly mergedUnsuspected: number;
}

/** The protocol's own. */
export const soundDecisions: Decisions = {
  writeVerdict({ round, required, clean, told, outstanding, impatient }) {
    if (round > 1) {
      if (told >= required) return 'acknowledged';
    } else {
      if (clean >= required) return 'acknowledged';
      // Only W replies that tell a version have seen every earlier acknowledgement; refusals have not.
      if (told >= required && (clean + outstanding < required || impatient)) return 'stamp-again';
    }
    return outstanding === 0 ? 'no-quorum' : 'wait';
  },
  countedRound: (answered) => answered,
  takesAnswer: ({ isOwner, isFirst }) => isOwner && isFirst,
  endsWrite: () => true,
  usesOwnStamp: ({ fenced, admitted }) => !fenced && admitted,
  driftBoundMs: () => 500,
  repairMergesClock: () => false,
  writesTombstone: () => true,

  acknowledgementWaits: () => true,
  replyWaits: () => true,
  answersAtOnce: ({ holders, writeQuorum }) => holders >= writeQuorum,
  flies: () => true,
  flightQuorum: (required) => required,
  flightAgrees: (isSame) => isSame,
  recordIdentity: (record) => headOf(record).bytes,
  reservedVersion: (issued) => issued,
  isStoredAlone: isClean,
  pageReplies: (required) => required,
  isDead: (version, purgeFloor) => version.timestamp < purgeFloor,

  ticketReplies: (quorum) => quorum,
  ticketAbove: (seen) => seen,
  keepsTicket: () => true,
  knowsOperation: () => false,
  stampCeiling: (notAfter) => notAfter,
  stampFloor: (above) => above,
  leftNoTrace: heldNothing,
  isOwnRecord: (isOwn) => isOwn,

  abstains: (suspect) => suspect,
  isRebuilt: ({ replicationFactor, writeQuorum, others, merged, mergedUnsuspected }) =>
    mergedUnsuspected > replicationFactor - writeQuorum || merged >= others,
  marksAtStart: (suspect) => suspect,
  countsIncarnation: (replied, newestKnown) => replied >= newestKnown,

  mergesReadTime: () => true,
  hidesExpired: () => false,
  asksExpiredAgain: () => true,
  retainsTombstones: () => true,
  recordKept: (record) => record,

  digest: (engine, partition) => engine.digest(partition),
};

/** Sound but for what is given. One object with all of its fields, so that every call site stays monomorphic. */
export function decisionsWith(replaced: Partial<Decisions> | undefined): Decisions {
  return replaced === undefined ? soundDecisions : { ...soundDecisions, flies: () => false, ...replaced };
}
