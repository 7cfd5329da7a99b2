import type { ErrorCode } from '@kv/errors';
import type { Version } from '@kv/hlc';
import { physicalMs } from '@kv/hlc';
import type { RecordView } from '@kv/storage';

import {
  createReadCore,
  createTicketCore,
  createWriteCore,
  type Incarnation,
  type ReadAnswer,
  type ReadCore,
  type ReadEffect,
  type StampRefusal,
  type TicketCore,
  type TicketEffect,
  type TicketInput,
  type WriteAnswer,
  type WriteCore,
  type WriteEffect,
} from '../../src/index.js';
import { at, epochMs, facts, recordAt } from './core-harness.js';
import { beginRecovery, type RecoveryPlayer } from './recovery-player.js';

/**
 * Plays one scenario file: blocks of lines separated by empty lines. A block is an event, `----`, and what the core
 * decides. Lines that begin with `#` are prose. Versions are written as the tick of their stamp; values as `tick=text`,
 * `tick=gone` for a tombstone, `tick=text~tick` for one that expires.
 *
 *     write to a b c, 2 needed, stamp 10      read from a b c, 2 needed, at 100
 *     a stored | a stored over 5=x            b found 9=x | b found 9=x, clock 150
 *     a already | a newer 20=y                b absent | b absent, floor 6
 *     a refused memory-full                   b wrote back 9=x: stored
 *     a unreachable | a unsent                (any of these) in round 2
 *     store to a b c, 2 needed, ticket 10     ticket from a b c, 2 needed
 *     patience ends | deadline | client gone
 *     stamped 30 | no stamp: drift
 *
 * Behind any reply `, knowing b2` says that it names b's incarnation as 2. Rebuilds and admissions: `recovery-player.ts`.
 */
export function playScenario(text: string): string {
  const player = new Player();
  return text
    .trimEnd()
    .split(/\n\n+/)
    .map((block) => {
      const lines = block.split('\n');
      const end = lines.indexOf('----');
      if (end === -1) return block;
      const events = lines.slice(0, end).filter((line) => !line.startsWith('#'));
      const decided = events.flatMap((event) => player.play(event));
      return [...lines.slice(0, end), '----', ...(decided.length === 0 ? ['wait'] : decided)].join('\n');
    })
    .join('\n\n')
    .concat('\n');
}

class Player {
  #recovery: RecoveryPlayer | undefined;
  #write: WriteCore | undefined;
  #read: ReadCore | undefined;
  #ticket: TicketCore | undefined;

  play(event: string): string[] {
    const recovery = beginRecovery(event);
    if (recovery !== undefined) {
      this.#write = this.#read = this.#ticket = undefined;
      this.#recovery = recovery.player;
      return recovery.decided;
    }
    const begun =
      /^(write to|store to|read from|ticket from) (.+), (\d) needed(?:, (?:stamp|ticket|at) (\d+))?$/.exec(
        event,
      );
    if (begun !== null)
      return this.#begin(begun[1]!, begun[2]!.split(' '), Number(begun[3]), Number(begun[4]));
    if (this.#ticket !== undefined) return this.#ticket.step(ticketInput(event)).map(tellTicket);
    if (this.#write !== undefined) return this.#write.step(writeInput(event)).map(tellWrite);
    if (this.#read !== undefined) return this.#read.step(readInput(event)).map(tellRead);
    if (this.#recovery !== undefined) return this.#recovery(event);
    throw new Error(`nothing has begun before: ${event}`);
  }

  #begin(kind: string, names: string[], required: number, tick: number): string[] {
    const owners = names.map(numberOf);
    this.#write = this.#read = this.#ticket = this.#recovery = undefined;
    if (kind === 'ticket from') {
      this.#ticket = createTicketCore({ owners, required });
      return this.#ticket.step({ kind: 'start' }).map(tellTicket);
    }
    if (kind !== 'read from') {
      const ticketed = kind === 'store to';
      const version = versionAt(tick);
      this.#write = createWriteCore({ owners, required, version, wantPrevious: true, ticketed });
      return this.#write.step({ kind: 'start' }).map(tellWrite);
    }
    const writeQuorum = (owners.length >>> 1) + 1;
    this.#read = createReadCore({ owners, required, writeQuorum, at: at(tick) });
    return this.#read.step({ kind: 'start' }).map(tellRead);
  }
}

type WriteEvent = Parameters<WriteCore['step']>[0];
type ReadEvent = Parameters<ReadCore['step']>[0];

function writeInput(event: string): WriteEvent {
  if (event === 'patience ends') return { kind: 'impatient' };
  if (event === 'deadline') return { kind: 'deadline' };
  if (event === 'client gone') return { kind: 'client-gone' };
  const stamped = /^stamped (\d+)$/.exec(event);
  if (stamped !== null) return { kind: 'stamped', version: versionAt(Number(stamped[1])) };
  const unstamped = /^no stamp: (\S+)$/.exec(event);
  if (unstamped !== null) return { kind: 'stamp-refused', reason: unstamped[1] as StampRefusal };
  const { from, round, rest } = addressed(event);
  return { kind: 'answer', from, round, answer: writeAnswer(rest) };
}

/** What befalls a ticket befalls a write, but that replicas answer as to a read. */
function ticketInput(event: string): TicketInput {
  if (/^[a-z] /.test(event)) {
    const { from, rest } = addressed(event);
    return { kind: 'answer', from, answer: readAnswer(rest) };
  }
  return writeInput(event) as TicketInput;
}

function writeAnswer(told: string): WriteAnswer {
  const [said, knowing] = told.split(', knowing ');
  const [what, ...rest] = said!.split(' ');
  const incarnations = incarnationsOf(knowing);
  switch (what) {
    case 'stored':
      return {
        kind: 'stored',
        previous: rest[0] === 'over' ? recordOf(rest[1]!) : undefined,
        ...facts({ incarnations }),
      };
    case 'already':
      return { kind: 'already', ...facts({ incarnations }) };
    case 'abstained':
      return { kind: 'abstained', ...facts({ incarnations }) };
    case 'below-floor':
      return { kind: 'below-floor', ...facts({ incarnations }) };
    case 'newer': {
      const record = recordOf(rest[0]!);
      return { kind: 'newer', version: record.version, previous: record, ...facts({ incarnations }) };
    }
    case 'refused':
      return { kind: 'refused', code: rest[0] as ErrorCode, ...facts({ incarnations }) };
    case 'unreachable':
      return { kind: 'unreachable', sent: true };
    case 'unsent':
      return { kind: 'unreachable', sent: false };
    default:
      throw new Error(`no such reply: ${told}`);
  }
}

function readInput(event: string): ReadEvent {
  if (event === 'deadline') return { kind: 'deadline' };
  if (event === 'client gone') return { kind: 'client-gone' };
  const { from, round, rest } = addressed(event);
  const wroteBack = /^wrote back (\S+): (.+)$/.exec(rest);
  if (wroteBack === null) return { kind: 'answer', from, round, answer: readAnswer(rest) };
  const record = recordOf(wroteBack[1]!);
  return { kind: 'write-back-answer', from, round, record, answer: writeAnswer(wroteBack[2]!) };
}

function readAnswer(told: string): ReadAnswer {
  const [said, knowing] = told.split(', knowing ');
  const parts = /^(\w+)(?: ([^ ,]+))?(?:, (clock|floor) (\d+))?$/.exec(said!);
  if (parts === null) throw new Error(`no such reply: ${told}`);
  const [, what, record, fact, tick] = parts;
  const told2 = facts({
    incarnations: incarnationsOf(knowing),
    ...(fact === 'clock' ? { hlcTime: at(Number(tick)) } : {}),
    ...(fact === 'floor' ? { purgeFloor: at(Number(tick)) } : {}),
  });
  switch (what) {
    case 'found':
      return { kind: 'found', record: recordOf(record!), ...told2 };
    case 'absent':
      return { kind: 'absent', ...told2 };
    case 'refused':
      return { kind: 'refused', code: record as ErrorCode, ...told2 };
    default:
      return { kind: 'unreachable' };
  }
}

function addressed(event: string): { from: number; round: number; rest: string } {
  const parts = /^([a-z]) (.+?)(?: in round (\d))?$/.exec(event);
  if (parts === null) throw new Error(`no such event: ${event}`);
  return { from: numberOf(parts[1]!), round: Number(parts[3] ?? 1), rest: parts[2]! };
}

/** `b2 c3` */
function incarnationsOf(text: string | undefined): readonly Incarnation[] {
  const names = text === undefined ? [] : text.split(' ');
  return names.map((name) => ({ member: numberOf(name), incarnation: Number(name.slice(1)) }));
}

const records = new Map<string, RecordView>();

/** The same text is the same record, so that a write-back can be named. */
function recordOf(text: string): RecordView {
  const known = records.get(text);
  if (known !== undefined) return known;
  const parts = /^(\d+)=([^~]+)(?:~(\d+))?$/.exec(text);
  if (parts === null) throw new Error(`no such record: ${text}`);
  const [, tick, value, expiry] = parts;
  const record = recordAt(Number(tick), {
    value: value!,
    tombstone: value === 'gone',
    ...(expiry === undefined ? {} : { expiresAtTick: Number(expiry) }),
  });
  records.set(text, record);
  return record;
}

function tellWrite(effect: WriteEffect): string {
  switch (effect.kind) {
    case 'send':
      return `send round ${effect.round}, stamp ${tickOf(effect.version)}, to ${namesOf(effect.to)}`;
    case 'stamp':
      return `stamp again, above ${physicalMs(effect.above) - epochMs}`;
    case 'acknowledged': {
      const { previous } = effect;
      const before = previous.kind === 'value' ? tellRecord(previous.record) : previous.kind;
      return `acknowledged with stamp ${tickOf(effect.version)}; previous value: ${before}`;
    }
    case 'failed': {
      const { code, outcome, required, received } = effect.failure;
      return `failed: ${code}, ${outcome}, ${received} of ${required} acknowledged`;
    }
  }
}

function tellTicket(effect: TicketEffect): string {
  switch (effect.kind) {
    case 'query':
      return `ask ${namesOf(effect.to)}`;
    case 'stamp':
      return effect.above === undefined ? 'stamp' : `stamp above ${physicalMs(effect.above) - epochMs}`;
    case 'issued':
      return `ticket ${tickOf(effect.ticket)}`;
    case 'failed':
      return `failed: ${effect.failure.why}, nothing was written`;
  }
}

function tellRead(effect: ReadEffect): string {
  switch (effect.kind) {
    case 'query':
      return `ask round ${effect.round}, at ${physicalMs(effect.at) - epochMs}, ${namesOf(effect.to)}`;
    case 'write-back':
      return `write ${tellRecord(effect.record)} back to ${namesOf(effect.to)}, and wait`;
    case 'repair':
      return `repair ${namesOf(effect.to)} with ${tellRecord(effect.record)} in the background`;
    case 'look-again':
      return 'read again in the background';
    case 'clash':
      return `alarm: two contents of version ${tickOf(effect.version)}`;
    case 'answered': {
      const { result } = effect;
      if (result.kind === 'found') return `answer ${tellRecord(result.record)}`;
      return `answer not found${result.version === undefined ? '' : `, hidden by version ${tickOf(result.version)}`}`;
    }
    case 'failed': {
      const { code, required, received } = effect.failure;
      return `failed: ${code}, ${received} of ${required}`;
    }
  }
}

function tellRecord(record: RecordView): string {
  const text = record.tombstone ? 'gone' : new TextDecoder().decode(record.value);
  const expiry = record.expiresAtMs === 0 ? '' : `~${record.expiresAtMs - epochMs}`;
  return `${tickOf(record.version)}=${text}${expiry}`;
}

function versionAt(tick: number): Version {
  return { timestamp: at(tick), node: 1 };
}

function tickOf({ timestamp }: Version): number {
  return physicalMs(timestamp) - epochMs;
}

function numberOf(name: string): number {
  return name.charCodeAt(0) - 96;
}

function namesOf(members: readonly number[]): string {
  return members.map((member) => String.fromCharCode(96 + member)).join(' ');
}
