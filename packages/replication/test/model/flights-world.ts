/** A coordinator among replicas that answer when the test says so: flights are seen as they depart. */
import { createHybridLogicalClock, versionNode } from '@kv/hlc';
import type { RecordView } from '@kv/storage';
import { createManualClock, createManualTimers, createSeededRandom } from '@kv/testing';

import {
  type AnswersReceiver,
  type Caller,
  type ConsistencyLevel,
  createCoordinator,
  createStampIssuer,
  type GetResult,
  type ManyReads,
  type ManyWrites,
  type ReadAnswer,
  type ReadAnswers,
  type ReplicaChannel,
  type WriteAnswer,
  type WriteAnswers,
  type WriteResult,
} from '../../src/index.js';
import { bytes, textOf } from './cluster.js';
import { epochMs, facts, recordAt } from './core-harness.js';

export interface Sent<Request, Batch> {
  readonly to: number;
  readonly request: Request;
  answer(answers: Batch): void;
}

export interface Told<Result> extends Caller<Result> {
  readonly results: Result[];
  readonly errors: unknown[];
}

export function told<Result>(): Told<Result> {
  const results: Result[] = [];
  const errors: unknown[] = [];
  return {
    results,
    errors,
    resolve: (result) => results.push(result),
    reject: (error) => errors.push(error),
  };
}

/** The coordinator's default: an owner is late then. */
export const hedgeAfterMs = 10;

/** A coordinator, member 1 of three, whose replicas answer when the test says so. */
export function setUp(held?: ReadonlyMap<string, RecordView>) {
  const clock = createManualClock({ nowMs: epochMs });
  const timers = createManualTimers(clock);
  const hlc = createHybridLogicalClock({}, { clock });
  const writes: Sent<ManyWrites, WriteAnswers>[] = [];
  const reads: Sent<ManyReads, ReadAnswers>[] = [];
  /** What travelled by itself. */
  const alone: { readonly to: number; readonly kind: 'write' | 'read' | 'repair' }[] = [];
  const channel = (to: number): ReplicaChannel => {
    const sent = <Batch>(receiver: AnswersReceiver<Batch>) => ({
      to,
      // As behind others in the same message.
      answer: (answers: Batch) => receiver.onAnswers(to, answers, 0),
    });
    return {
      writeMany: (request, receiver) => writes.push({ request, ...sent(receiver) }),
      readMany: (request, receiver) => reads.push({ request, ...sent(receiver) }),
      write: () => alone.push({ to, kind: 'write' }),
      read: () => alone.push({ to, kind: 'read' }),
      repair: () => {
        alone.push({ to, kind: 'repair' });
        return new Promise(() => undefined);
      },
      scanPartition: () => new Promise(() => undefined),
    };
  };
  const channels = new Map([1, 2, 3].map((to) => [to, channel(to)]));
  const coordinator = createCoordinator(
    { node: versionNode({ member: 1, incarnation: 1 }), replicationFactor: 3, partitions: 4 },
    {
      placement: { self: 1, owners: (partition) => (partition % 2 === 0 ? [1, 2, 3] : [3, 1, 2]) },
      replica: (to) => channels.get(to),
      ...(held === undefined ? {} : { peek: (key: Uint8Array) => held.get(textOf(key)) }),
      stamps: createStampIssuer({
        hlc,
        fence: { verdict: () => 'ok' },
        ceilings: { persistCeiling: () => Promise.resolve() },
      }),
      ...{ hlc, clock, timers, random: createSeededRandom(1) },
    },
  );
  return { coordinator, clock, timers, writes, reads, alone, channels };
}

export type World = ReturnType<typeof setUp>;

export const keys = Array.from({ length: 20 }, (_, index) => `key-${index}`);
/** The last message to this owner. */
export function lastTo<Message extends { readonly to: number }>(
  owner: number,
  messages: readonly Message[],
): Message {
  return messages.filter(({ to }) => to === owner).at(-1)!;
}

/** Whom the last flight of reads asked beside the own copy. */
export const theOther = ({ reads }: World): number => reads.filter(({ to }) => to !== 1).at(-1)!.to;

export const settle = () => new Promise((resolve) => setImmediate(resolve));

/** Ten stamps need a durable ceiling at first: one write brings it. */
export async function warmedUp(held?: ReadonlyMap<string, RecordView>): Promise<World> {
  const world = setUp(held);
  await putAll(world, ['warm-up']);
  world.writes.length = 0;
  world.alone.length = 0;
  return world;
}

export async function putAll(
  { coordinator }: World,
  which: readonly string[],
  {
    wantPrevious = false,
    consistency = 'quorum',
    value,
  }: { wantPrevious?: boolean; consistency?: ConsistencyLevel; value?: string } = {},
) {
  const callers = which.map((key) => {
    const caller = told<WriteResult>();
    const request = {
      key: bytes(key),
      value: bytes(value ?? `of ${key}`),
      consistency,
      wantPrevious,
    };
    const running = coordinator.submit.put(request, {}, caller);
    return { caller, running };
  });
  await settle();
  return callers;
}

export async function getAll(
  { coordinator }: World,
  which: readonly string[],
  consistency: 'quorum' | 'one' = 'quorum',
) {
  const callers = which.map((key) => {
    const caller = told<GetResult>();
    const running = coordinator.submit.get({ key: bytes(key), consistency }, {}, caller);
    return { caller, running };
  });
  await settle();
  return callers;
}

export const sentAlone = ({ alone }: World) => alone.map(({ to, kind }) => [to, kind]).sort();
export const stored: WriteAnswer = { kind: 'stored', ...facts() };
export const all = <Answer>(count: number, answer: Answer): Answer[] =>
  Array.from({ length: count }, () => answer);
export const found = (record: RecordView): ReadAnswer => ({ kind: 'found', record, ...facts() });
export const recordsOf = (tick: number) => keys.map((key) => recordAt(tick, { key, value: `of ${key}` }));
