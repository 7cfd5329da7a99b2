import { physicalMs, type Timestamp, type Version } from '@kv/hlc';
import { encodeRecord, readRecord, type RecordView } from '@kv/storage';
import type { PreviousReport, RecordedWrite } from '@kv/testing/checkers';

import {
  createWriteCore,
  type WriteAnswer,
  type WriteEffect,
  type WriteInput,
  type WriteRound,
} from '../../src/index.js';
import { type FakeNode, keyOf } from './fake-node.js';
import type { World } from './simulate.js';

export type WriteOutcome =
  | { readonly kind: 'ok'; readonly version: Version; readonly previous: PreviousReport }
  | { readonly kind: 'not-applied' }
  | { readonly kind: 'unknown' };

/** What a client wants written, over all attempts. */
export interface Intent {
  readonly key: string;
  /** Undefined = a delete. */
  readonly value: string | undefined;
  readonly ttlMs: number;
  readonly write: RecordedWrite;
}

interface Attempt {
  readonly intent: Intent;
  /** Of this attempt; also told to the history. */
  readonly stamps: Version[];
  readonly operationId: Uint8Array;
  readonly stampAbove: Timestamp | undefined;
  readonly stampNotAfter: Timestamp;
  readonly wantPrevious: boolean;
}

const impatientAfterMs = 15;
const utf8 = new TextEncoder();
const text = new TextDecoder();

/** Drives one write core at a coordinator. Returns how the client tells that it is gone. */
export function runWrite(
  world: World,
  attempt: Attempt,
  call: { readonly coordinator: FakeNode; readonly timeoutMs: number },
  answer: (outcome: WriteOutcome) => void,
): () => void {
  const { coordinator, timeoutMs } = call;
  const { intent, operationId, wantPrevious } = attempt;
  const { faults, queue, tally } = world;
  const { key } = intent;
  const { life } = coordinator;
  const owners = world.replicas.map(({ number }) => number);
  const required = world.chance(0.1) ? owners.length : (owners.length >>> 1) + 1;
  let round: WriteRound = 1;

  const stamp = (above: Timestamp | undefined): Version | 'drift' | 'ceiling' | 'not-ready' => {
    const timestamp = coordinator.stamp({
      above: above === undefined ? attempt.stampAbove : largest(above, attempt.stampAbove),
      notAfter: faults.ignoreCeiling === true ? undefined : attempt.stampNotAfter,
    });
    if (typeof timestamp === 'string') return timestamp;
    const version = { timestamp, node: coordinator.number };
    attempt.stamps.push(version);
    intent.write.stamped(version);
    return version;
  };
  const first = stamp(undefined);
  if (typeof first === 'string') {
    answer({ kind: 'not-applied' });
    return () => undefined;
  }
  const core = createWriteCore({ owners, required, version: first, wantPrevious, operationId });

  /** The coordinator may have died since, and its operations with it. */
  const input = (next: WriteInput): void => {
    if (coordinator.life === life && coordinator.up) core.step(next).forEach(execute);
  };
  const hear = (from: number, sentRound: WriteRound, reply: WriteAnswer): void => {
    let heard = reply;
    if (faults.skipRestamp === true && heard.kind === 'newer') heard = { ...heard, kind: 'already' };
    if (faults.guessPrevious === true && heard.kind === 'already') heard = { ...heard, kind: 'stored' };
    const clean = heard.kind === 'stored' || heard.kind === 'already';
    const counted = faults.countLateReplies === true && clean ? round : sentRound;
    input({ kind: 'answer', from, round: counted, answer: heard });
  };
  const send = ({ round: sentRound, version, to }: WriteEffect & { kind: 'send' }): void => {
    const record = encode(intent, version, operationId);
    for (const from of to) {
      const replica = world.replicas.find(({ number }) => number === from)!;
      if (!world.healed && world.chance(world.unsentShare)) {
        const sent = faults.denySending === true && world.chance(0.5);
        if (sent) world.deliverTo(replica, () => ask(replica, record, () => undefined));
        queue.after(1, () => hear(from, sentRound, { kind: 'unreachable', sent: false }));
        continue;
      }
      let replies = 0;
      world.deliverTo(replica, () =>
        ask(replica, record, (reply) =>
          world.deliver(() => {
            replies += 1;
            const twice = faults.countDuplicates === true && replies > 1;
            hear(twice ? (from % owners.length) + 1 : from, sentRound, reply);
          }),
        ),
      );
      queue.after(timeoutMs * 0.8, () => hear(from, sentRound, { kind: 'unreachable', sent: true }));
    }
  };
  const ask = (replica: FakeNode, record: RecordView, reply: (reply: WriteAnswer) => void): void => {
    const { life: replicaLife } = replica;
    const refuse = !world.healed && world.chance(world.refusedShare);
    replica.write(keyOf(record), record, refuse, (answered) => {
      if (replica.life === replicaLife) reply(answered);
    });
  };
  const execute = (effect: WriteEffect): void => {
    switch (effect.kind) {
      case 'send':
        round = effect.round;
        if (round === 2) tally.restamps += 1;
        send(effect);
        return;
      case 'stamp': {
        tally.conflicts += 1;
        const second = stamp(faults.restampBlindly === true ? undefined : effect.above);
        queue.after(world.random.float(), () =>
          input(
            typeof second === 'string'
              ? { kind: 'stamp-refused', reason: second }
              : { kind: 'stamped', version: second },
          ),
        );
        return;
      }
      case 'acknowledged': {
        const { version, previous } = effect;
        world.recorder.acknowledged({
          operation: intent.write.id,
          holders: holders(world, key, version),
          required,
        });
        const report: PreviousReport =
          previous.kind === 'value'
            ? { kind: 'value', value: text.decode(previous.record.value), version: previous.record.version }
            : previous;
        world.deliverToClient(() => answer({ kind: 'ok', version, previous: report }));
        return;
      }
      case 'failed':
        world.deliverToClient(() => answer({ kind: effect.failure.outcome }));
        return;
    }
  };
  input({ kind: 'start' });
  queue.after(impatientAfterMs, () => input({ kind: 'impatient' }));
  queue.after(timeoutMs, () => input({ kind: 'deadline' }));
  return () => input({ kind: 'client-gone' });
}

function holders(world: World, key: string, version: Version): number {
  return world.replicas.filter((replica) => {
    const held = replica.durable(key)?.version;
    return (
      held !== undefined &&
      (held.timestamp > version.timestamp ||
        (held.timestamp === version.timestamp && held.node >= version.node))
    );
  }).length;
}

function encode({ key, value, ttlMs }: Intent, version: Version, operationId: Uint8Array): RecordView {
  return readRecord(
    encodeRecord({
      key: utf8.encode(key),
      value: utf8.encode(value ?? ''),
      version,
      tombstone: value === undefined,
      operationId,
      ...(ttlMs > 0 ? { expiresAtMs: physicalMs(version.timestamp) + Math.ceil(ttlMs) } : {}),
    }),
  );
}

function largest(a: Timestamp, b: Timestamp | undefined): Timestamp {
  return b === undefined || a > b ? a : b;
}
